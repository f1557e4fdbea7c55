"""Which engine a network runs on here: the candidates, the comparison with the reference, what is kept of both."""
