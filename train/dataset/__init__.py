"""A prepared data set, and the stretches of it that training draws."""
