"""One reader for each native format. A reader knows files and its own records, and no other reader.

A module of this package is a `converters.read.folder.Format`: it has `YIELDS` (the kinds of items
that it yields), `Options` (what a catalogue entry may say), `plan` and `read`; and `read_side`
where its plan has side tables to join. What several readers need is in `converters.read`.
"""
