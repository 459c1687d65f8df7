"""How a worker process ends, for whoever starts it again (see also streams/failure.py)."""

DONE = 0
AGAIN = 75  # nothing is wrong with what is stored: start again (EX_TEMPFAIL)
CRASHED = 70  # an error nobody foresaw: start again, it is replayed (EX_SOFTWARE)
