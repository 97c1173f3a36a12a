"""The command line: a demo, and the emulator by hand."""
