"""The model file: the network and everything it takes to use it, in one dict of tensors and plain values."""
