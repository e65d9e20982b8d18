"""What the demo shows, a file each; the order is told in story.py."""
