def read_apart(*a):
    raise NotImplementedError
