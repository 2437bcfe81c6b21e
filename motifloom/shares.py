"""Work on many items divided among jobs."""


def share_of(items, share):
    """Return one share of a list, in its order.

    Parameters
    ----------
    items : list
        What there is to do.
    share : str
        As Snakemake numbers scattered jobs: "2-of-3" is the second of three. Shares differ in size by one
        item at most, and follow each other as the items do; some are empty where there are more shares
        than items.
    """
    number, count = map(int, share.split("-of-"))
    return list(items[len(items) * (number - 1) // count : len(items) * number // count])
