"""What a mix makes of items: one module for each kind, and the wordings."""
