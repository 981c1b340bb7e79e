"""The small shared package of the book *Large Models from Scratch*."""
