"""What trainers eat: a finished mix as files that one program reads.

`run.export` streams a mix into a folder. `targets/` has one module a program.
"""
