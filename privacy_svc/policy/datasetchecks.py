"""What cannot be true of a data map, though each of its lines may be."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from privacy_svc.policy.datamap import Collection, DataMap, Erase, EraseRows, Field, Tells
from privacy_svc.policy.reading import Faults


def check_collection(collection: Collection, places: Mapping[str, str], faults: Faults) -> None:
    for field in collection.fields:
        for detail in (*_erasing(field), *_sealing(field), *_checking(field), *_keeping(collection, field)):
            faults.at(places[f"{collection.path}.{field.name}"], f"{field.name}: {detail}")
        if collection.erase_rows is EraseRows.DELETE and field.erase is Erase.KEEP:
            place = places[f"{collection.path}.{field.name}"]
            faults.at(place, f"{field.name}: cannot be kept, its row is deleted (erase_rows: delete)")
    if (collection.subject or collection.sealed) and not collection.key:
        what = "whose rows are persons" if collection.subject else "with sealed fields"
        faults.at(places[collection.path], f"a collection {what} needs a field with primary_key: true")


def _checking(field: Field) -> Iterator[str]:
    if field.check and not field.is_free_text:
        yield "only a free text is checked: give it a category of user.content, or leave `check` out"


def _keeping(collection: Collection, field: Field) -> Iterator[str]:
    if field.keep is None or field.keep.start is None:
        return
    start = collection.by_name.get(field.keep.start)
    if start is None:
        yield f"is kept from {field.keep.start!r}, which is no field of {collection.name}"
    elif start.seal or start.erasable:
        yield f"is kept from {start.name!r}, which does not outlive the erasure: leave it in clear, and nobody's data"


def check_data_map(
    data_map: DataMap, places: Mapping[str, str], faults: Faults, erasing: AbstractSet[str] = frozenset()
) -> None:
    """What needs all datasets: ids unique for ever, keys that stay, owners of sealed rows. `erasing`: paths of the
    fields at which the file says what erasure does."""
    seen: dict[int, str] = {}
    for collection in data_map.collections():
        for field in collection.fields:
            path = f"{collection.path}.{field.name}"
            if field.id is not None and seen.setdefault(field.id, path) != path:
                faults.at(places[path], f"{field.name}: id {field.id} is {seen[field.id]}'s already")
            for detail in _key_that_stays(data_map, collection, field, said=path in erasing):
                faults.at(places[path], f"{field.name}: {detail}")
        _check_telling(data_map, collection, places, faults)
        if data_map.owner(collection) is None:
            _check_unowned(collection, places, faults)
        elif collection.sealed:
            _check_ways(data_map, collection, places, faults)


def _key_that_stays(data_map: DataMap, collection: Collection, field: Field, *, said: bool) -> Iterator[str]:
    """Erasure leaves keys where they are: none may say whose row it was."""
    if field.reference and (field.seal or field.erase not in {Erase.NULL, Erase.KEEP}):
        yield "a reference is neither sealed nor overwritten, rows hang on it"
    elif said and field.is_key and field.erase in {Erase.NULL, Erase.KEEP}:
        yield "a key stays, rows hang on it: leave `erase` out, or let the row go (erase_rows: delete)"
    if not _key_names_somebody(data_map, field) or data_map.owner(collection) is None:
        return
    if field.primary_key and collection.subject:
        yield (
            "people are known here by their row's key, which is kept when they are erased, and this one says who "
            "they are: give the table a key that is a number of its own"
        )
    elif collection.erase_rows is not EraseRows.DELETE:
        yield (
            "it says who somebody is, and a key stays at erasure: refer by a number instead, name it without "
            "`references`, or let the row go (erase_rows: delete)"
        )


def _key_names_somebody(data_map: DataMap, field: Field) -> bool:
    """Also by what it refers to, which holds the same value."""
    if field.reference is not None:
        target = data_map.collection(field.reference.dataset, field.reference.collection)
        referred = target.by_name.get(field.reference.field) if target else None
        if referred is not None and referred.names_somebody:
            return True
    return field.is_key and field.names_somebody


def _check_ways(data_map: DataMap, collection: Collection, places: Mapping[str, str], faults: Faults) -> None:
    """A row is sealed by the key of whom its references lead to: none of them may have to be looked up by a sealed
    value, which is another in every row."""
    for above in data_map.ways.above(collection):
        for way in data_map.ways.up(above):
            for name, refers in zip(way.fields, way.refers, strict=True):
                if way.target.by_name[refers].seal:
                    what = f"refers to {way.target.path}.{refers}, which is sealed"
                    way_out = f"refer to a column in clear, or seal nothing in {collection.name}"
                    faults.at(places[f"{above.path}.{name}"], f"{name}: {what}: no row is found by it; {way_out}")


def _check_telling(data_map: DataMap, collection: Collection, places: Mapping[str, str], faults: Faults) -> None:
    told: dict[Tells, str] = {}
    for field in collection.telling:
        assert field.tells is not None
        place, what = places[f"{collection.path}.{field.name}"], f"{field.name}: tells: {field.tells}"
        if field.tells is not Tells.RELATIONSHIP_END:
            if collection.subject is None:
                faults.at(place, f"{what} stands where a row is a person, and {collection.name} has no 'subject'")
            elif told.setdefault(field.tells, field.name) != field.name:
                faults.at(place, f"{what}: {told[field.tells]} tells it already, and two could contradict each other")
        elif data_map.owner(collection) is None:
            faults.at(place, f"{what}, but no reference leads from {collection.name} to a person")
        elif collection.subject is None and field.seal:
            faults.at(place, f"{what} is sealed: the store cannot find the latest of sealed values, leave it in clear")


def _check_unowned(collection: Collection, places: Mapping[str, str], faults: Faults) -> None:
    place = places.get(collection.path, "")
    if collection.sealed:
        names = ", ".join(f.name for f in collection.sealed)
        faults.at(place, f"{collection.name} seals {names}, but no reference leads to a person whose key would do it")
    if collection.erase_rows is EraseRows.DELETE:
        faults.at(place, f"{collection.name} has erase_rows: delete, but no reference leads to a person")


def _sealing(field: Field) -> list[str]:
    found: list[str] = []
    if field.seal and field.id is None:
        found.append("seal needs an 'id': a number from 1000 that stays for ever, also when the field is renamed")
    if field.seal and field.primary_key:
        found.append("a primary key cannot be sealed, rows are found by it")
    if field.seal and not field.categories:
        found.append("a sealed field needs 'data_categories', otherwise nobody could ever be permitted to read it")
    if field.seal and field.identity and field.identity not in field.index:
        found.append(f"people are found by it and it is sealed, so it needs index: [{field.identity}]")
    if field.pad and not field.seal:
        found.append("pad hides the length of a sealed value, so it needs seal: true")
    if field.index and field.id is None:
        found.append("an index needs an 'id', a number from 1000 that stays for ever")
    return found


def _erasing(field: Field) -> list[str]:
    found: list[str] = []
    if field.erase is Erase.SHRED and not field.seal:
        found.append("erase: shred destroys a key, so it needs seal: true")
    if field.erase is Erase.KEEP and field.keep is None:
        found.append("erase: keep needs 'keep' with ground, law and period (Art. 17(3))")
    if field.keep is not None and field.erase is not Erase.KEEP:
        found.append("'keep' says nothing without erase: keep")
    if field.erase is Erase.REPLACE and field.replace is None:
        found.append("erase: replace needs the text to put there: 'replace'")
    if field.replace is not None and field.erase is not Erase.REPLACE:
        found.append("'replace' says nothing without erase: replace")
    if field.replace is not None and field.length is not None and len(field.replace) > field.length:
        found.append(f"'replace' is longer than the field's length of {field.length}")
    if field.erase is Erase.REDACT and field.seal:
        found.append(
            "erase: redact leaves a readable text, and a sealed one goes with its key: shred it, or seal it not"
        )
    if field.primary_key and field.erase in {Erase.SHRED, Erase.REPLACE, Erase.REDACT}:
        found.append("a primary key is not overwritten, rows hang on it")
    return found
