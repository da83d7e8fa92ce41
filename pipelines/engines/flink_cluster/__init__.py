"""Flink for earthmix: fetch its parts, start and stop a cluster on this machine, start a job
server, ask a standing cluster.

Nothing here knows the pipeline; the engine that submits it uses `jobserver`, `rest` and `parts`.
"""
