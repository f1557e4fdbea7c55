"""Which engine a network runs on here: the candidates, their comparison with the reference, and the cache of both."""
