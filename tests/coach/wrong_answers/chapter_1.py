"""What learners typically answer in chapter 1, and a part of what they should be told."""

NP = "import numpy as np\n"

WRONG = {
    "1.1": [
        ("answer = lambda u, i, U, I: len(u) / (U + I)", "A matrix has"),
        ("answer = lambda u, i, U, I: 100 * len(u) / (U * I)", "in percent"),
        ("answer = lambda u, i, U, I: len(u) / (U * I)", "stands in the log twice"),
        ("answer = lambda u, i, U, I: 1 - len(set(zip(u, i))) / (U * I)", "the empty cells"),
        ("answer = lambda u, i, U, I: len(u) / (len(set(u)) * len(set(i)))", "Empty rows have cells too"),
    ],
    "1.2": [
        (NP + "answer = lambda count, seen, n: np.argsort(-count)[:n]", "films that the user has rated"),
        (
            NP + "answer = lambda count, seen, n: np.argsort(np.where(seen, np.inf, count))[:n]",
            "from small to large",
        ),
        (NP + "answer = lambda count, seen, n: np.argsort(-count[~seen])[:n]", "places among the unseen"),
        (NP + "answer = lambda count, seen, n: np.sort(count[~seen])[::-1][:n]", "These are the counts"),
        (NP + "answer = lambda count, seen, n: np.argsort(-(count * ~seen), kind='stable')[:n]", "0 does not mask"),
    ],
    "1.3": [
        (NP + "answer = lambda a, b: np.nansum(a * b)", "sum of the products"),
        (
            NP + "answer = lambda a, b: np.nansum(a * b) / np.sqrt(np.nansum(a**2) * np.nansum(b**2))",
            "all films of each user",
        ),
        (
            NP + "def answer(a, b):\n    k = ~np.isnan(a + b)\n    return np.corrcoef(a[k], b[k])[0, 1]",
            "the mean away once more",
        ),
        (
            NP + "def answer(a, b):\n    k = ~np.isnan(a + b)\n    a, b = a[k], b[k]\n"
            "    with np.errstate(all='ignore'):\n        return a @ b / np.sqrt((a @ a) * (b @ b))",
            "It must be 0",
        ),
        ("answer = lambda a, b: a @ b", "must not spread"),
        (
            NP + "def answer(a, b):\n    k = ~np.isnan(a + b)\n    a, b = a[k], b[k]\n"
            "    return a @ b / ((a @ a) * (b @ b))",
            "divided by the root of a product",
        ),
    ],
    "1.4": [
        ("answer = lambda rho, n, lam: rho * n / (n + lam)", "one too many"),
        ("answer = lambda rho, n, lam: rho * lam / (n - 1 + lam)", "the other way round"),
        ("answer = lambda rho, n, lam: (n - 1) / (n - 1 + lam)", "factor alone"),
        (
            NP + "def answer(rho, n, lam):\n    with np.errstate(all='ignore'):\n"
            "        return rho * (n - 1) / (n - 1 + lam)",
            "0 where n is 0 or 1",
        ),
    ],
    "1.5": [
        (NP + "answer = lambda lists, I: len(np.unique(lists)) / I", "empty place"),
        ("answer = lambda lists, I: (lists >= 0).sum() / I", "counts once"),
        (NP + "answer = lambda lists, I: len(np.unique(lists[lists >= 0])) / lists.size", "number of places"),
        (NP + "answer = lambda lists, I: len(np.unique(lists[lists > 0])) / I", "0 is the first film"),
        (NP + "answer = lambda lists, I: (len(np.unique(lists)) - 1) / I", "no place is empty"),
    ],
}
