"""Native files to Samples to conversation rows: plain functions without Beam, usable alone."""
