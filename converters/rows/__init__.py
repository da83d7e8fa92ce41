"""Row columns: pictures, ids, tidy text, the check of finished rows."""
