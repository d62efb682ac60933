"""placeholder replaced below"""


def main() -> None:
    """Nothing yet."""
