"""Which names from outside are the same: Magento's database compares SKUs and source codes without letter case."""

from collections.abc import Collection, Mapping

from backorderctl.errors import Mismatch
from backorderctl.store.scalars import toml_repr
from backorderctl.store.sku import case_folded, database_key


class KnownNames(dict[str, str]):
    """The name that each spelling from outside stands for: that of the store file, else the first of its spellings.

    Looking up a spelling that is not known yet finds its name; Mismatch when the store file has several names that are
    the same and none is spelled so, or one that Magento would take for it though letters differ. With `only_known`, a
    name that the store file does not have is a KeyError.
    """

    def __init__(self, names: Collection[str], *, only_known: bool = False) -> None:
        super().__init__()
        self._names = names
        self._only_known = only_known
        self._same: dict[str, list[str]] | None = None
        self._merged: dict[str, str] = {}
        self._outside: dict[str, str] = {}
        self._smallest: dict[str, str] = {}

    def __missing__(self, spelling: str) -> str:
        """Find the name of a spelling that is looked up for the first time."""
        self[spelling] = name = spelling if spelling in self._names else self._found(spelling)
        return name

    def _found(self, spelling: str) -> str:
        if self._same is None:
            self._same = {}
            for name in self._names:
                self._same.setdefault(case_folded(name), []).append(name)
                self._merged.setdefault(database_key(name), name)
        same = self._same.get(case_folded(spelling), [])
        if len(same) > 1:
            raise Mismatch(f"the spelling of {' or '.join(map(toml_repr, same))}", toml_repr(spelling))
        if same:
            return same[0]
        if merged := self._merged.get(database_key(spelling)):
            raise Mismatch(f"{toml_repr(merged)}, which Magento takes for the same name", toml_repr(spelling))
        if self._only_known:
            raise KeyError(spelling)
        first = self._outside.setdefault(case_folded(spelling), spelling)
        if first != spelling:
            self._smallest[first] = min(self._smallest.get(first, first), spelling)
        return first

    @property
    def shown(self) -> Mapping[str, str]:
        """How an outside name of several spellings is shown, the smallest by code point, by the one it was collected
        under, where these differ."""
        return {first: smallest for first, smallest in self._smallest.items() if first != smallest}

    @property
    def respelled(self) -> dict[str, str]:
        """The spellings that are not those of the name as it is shown, with that name, in order of code points."""
        shown = self.shown
        names = ((spelling, shown.get(name, name)) for spelling, name in self.items())
        return dict(sorted((spelling, name) for spelling, name in names if spelling != name))
