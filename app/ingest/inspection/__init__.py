"""What a file seems to be, and a mapping that would read it; nothing is loaded on a guess."""
