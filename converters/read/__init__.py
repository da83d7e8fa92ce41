"""Reading what lies on disk: files, the kit for records, JSON, pictures. Knows no dataset."""
