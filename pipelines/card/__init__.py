"""The data card of a mix and DATASETS.md."""
