"""The mKTL wire as values: frames and payloads. No socket, no thread, no clock."""
