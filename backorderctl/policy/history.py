"""What the commits of a store file change in effect, and which of them set each value that is in force."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from backorderctl.errors import InvalidFile, Problem
from backorderctl.files.access import decoded
from backorderctl.files.git_history import Blobs, Version
from backorderctl.policy.compare import compare
from backorderctl.policy.diff import Difference, SettingChange, reaches
from backorderctl.policy.evaluate import evaluate_each
from backorderctl.policy.resolve import InForce
from backorderctl.policy.viewpoints import ViewedValue, values_seen
from backorderctl.store.load import EMPTY_STORE, PreviousBuild, build, load_bytes
from backorderctl.store.model import Place, Store, StoreFile, keys_at
from backorderctl.store.settings import Scope
from backorderctl.toml.notation import parse


class StoreVersions:
    """The stores of versions of a file; what two versions in a row have in common is read once."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._known: PreviousBuild | None = None
        self._blob: str | None = None

    def store(self, version: Version) -> StoreFile:
        """The store as the commit left it; InvalidFile when it is none."""
        name = f"git:{version.commit.short}:{version.path}"
        if version.blob is None:
            raise InvalidFile(name, [Problem("expected a file, got a symbolic link or a folder")])
        if self._known is None or version.blob != self._blob:
            text = decoded(self._blobs.content(version.blob, name), name)
            data = parse(text, name)
            store = build(data, file=name, text=text, known=self._known)
            self._known, self._blob = PreviousBuild(data, store), version.blob
        return self._known.store


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """What one commit changes in effect, as of its day; or what is wrong with its file, and no difference."""

    version: Version
    day: date
    difference: Difference | None
    error: str | None = None
    is_first: bool = False


def steps(
    versions: Iterator[Version], stores: StoreVersions, *, inside: Container[str], product: str | None = None
) -> Iterator[HistoryStep]:
    """The step of each version whose commit is in `inside`, the newest first; with `product`, what it changes of that.

    A version that is not valid is passed over: the next one is compared with the last valid one before it. The oldest
    is compared with an empty store, unless the history goes on where this clone ends.
    """
    newer: tuple[Version, StoreFile] | None = None
    invalid: list[HistoryStep] = []
    for version in versions:
        try:
            store = stores.store(version)
        except InvalidFile as failure:
            if version.commit.name in inside:
                step = HistoryStep(version, version.commit.day(None), None, failure.problems[0].at(version.path))
                invalid.append(step)
                if newer is None:
                    yield invalid.pop()
            store = None
        if store is not None:
            if newer is not None:
                yield _step(*newer, store, product)
            yield from invalid
            invalid = []
            newer = (version, store)
            if version.commit.name not in inside:
                return
        if newer is not None and version.origin is not None and not version.origin.shallow:
            yield replace(_step(*newer, load_bytes(EMPTY_STORE, ""), product), is_first=product is None)
            yield from invalid


def _step(version: Version, new: StoreFile, old: StoreFile, product: str | None) -> HistoryStep:
    day = version.commit.day(new.timezone)
    difference = compare(old, new, old_day=day, new_day=day)
    if product is not None:
        difference = of_product(difference, product, old, new, day=day)
    return HistoryStep(version, day, difference)


def of_product(difference: Difference, sku: str, old: StoreFile, new: StoreFile, *, day: date) -> Difference:
    """What of a difference on a day changes a product, and the settings that cause it."""
    products = tuple(change for change in difference.products if change.sku == sku)
    schedule = tuple(
        replace(entry, effect=of_product(entry.effect, sku, old, new, day=entry.day or day))
        for entry in difference.schedule
        if any(change.sku == sku for change in entry.effect.products)
    )
    causes: tuple[SettingChange, ...] = ()
    if products:
        causes = tuple(change for change in difference.settings if _concerns(change, sku, (old.on(day), new.on(day))))
    return Difference(causes, products, schedule)


def _concerns(change: SettingChange, sku: str, stores: Sequence[Store]) -> bool:
    """Whether the product takes the value from where it changes, before or after."""
    for store in stores:
        product = store.products.get(sku)
        if product is None or not _exists(store, change.place) or not reaches(store, change.place, product):
            continue
        [answers] = evaluate_each(store, [product])
        settings = [answer.settings for answer in answers]
        settings += [item.settings for answer in answers for item in answer.items]
        if all(change.key not in values for values in settings):
            return True
        if any(values[change.key].origin == change.place for values in settings if change.key in values):
            return True
    return False


def _exists(store: Store, place: Place) -> bool:
    return (
        (place.stock is None or place.stock in store.stocks)
        and (place.source is None or place.source in store.sources)
        and (place.product is None or place.product in store.products)
    )


class Blamed(NamedTuple):
    """A value in force, the version that put it in force and its day; None where that is not committed."""

    seen: ViewedValue
    version: Version | None
    day: date | None


_Viewpoint = tuple[str, str | None, str | None]
_Pair = tuple[object, Place]


def blame(
    current: StoreFile,
    versions: Iterator[Version],
    stores: StoreVersions,
    place: Place,
    *,
    keys: Sequence[str] = (),
    stock: str | None = None,
    day: date,
) -> Iterator[Blamed]:
    """For each value in force at a place on a day, the newest version after which it, or where it is set, is as now."""
    rows = _seen(current.on(day), place, keys, stock)
    wanted = {viewpoint: _pair(seen.value) for viewpoint, seen in rows.items()}
    blamed: dict[_Viewpoint, Version | None] = {}
    newer: Version | None = None
    for version in versions:
        try:
            store = stores.store(version)
        except InvalidFile:
            continue
        before = _seen(store.on(day), place, keys, stock)
        for viewpoint in [viewpoint for viewpoint in wanted if viewpoint not in blamed]:
            if viewpoint not in before or _pair(before[viewpoint].value) != wanted[viewpoint]:
                blamed[viewpoint] = newer
        newer = version
        if len(blamed) == len(wanted):
            break
    for viewpoint, seen in rows.items():
        setter = blamed.get(viewpoint, newer)
        yield Blamed(seen, setter, setter and setter.commit.day(current.timezone))


def _pair(found: InForce) -> _Pair:
    return found.value, found.origin


def _seen(store: Store, place: Place, keys: Sequence[str], stock: str | None) -> Mapping[_Viewpoint, ViewedValue]:
    """The values in force at a place by viewpoint; none where the store does not have the place."""
    if not _exists(store, place) or (place.scope is Scope.SOURCE_ITEM and not _has_item(store, place)):
        return {}
    if stock is not None and stock not in store.stocks:
        return {}
    return {
        (key, seen.stock, seen.source): seen
        for key in keys or keys_at(place)
        for seen in values_seen(store, place, key, stock=stock)
    }


def _has_item(store: Store, place: Place) -> bool:
    return store.products[str(place.product)].item_settings(str(place.source)) is not None
