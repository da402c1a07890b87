"""One file per revision, ``NNNN_what.py``; the last one is the head. A published revision is never edited."""
