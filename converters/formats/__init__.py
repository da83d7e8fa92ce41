"""One reader for each native format. A reader knows files and its own records, and no other reader.

A module of this package has `UNIT` (what it counts), `Options` (what a catalogue entry may say), `plan` and `read`; `SIDES`, `plan_sides` and
`read_side` where it joins large side tables.
"""
