"""Personal data nobody has: names, numbers with right check digits, addresses, in six languages; from a seed."""

import random
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise

import phonenumbers
from faker import Faker

LOCALES = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "nl": "nl_NL"}
REGIONS = {"en": "US", "de": "DE", "fr": "FR", "es": "ES", "it": "IT", "nl": "NL"}
ABROAD = ("GB", "AT", "CH", "PT", "PL", "SE", "IE", "BE")
FAR_FIRST = (
    "Oluwaseun Kaouthar Thuy Bjarni Xiomara Wanjiru Zbyněk Ngozi Iveta Tarek Yevhen Saoirse Anvar Dilnoza".split()
)
FAR_LAST = (
    "Adebayo Benrabah Thanh Gunnarsdóttir Quispe Kamau Dvořáček Okonjo Zariņa Elmasry Shevchuk Mac Tursunov".split()
)
"""People from everywhere, written down without a look at the lists."""
TOWNS = {
    "en": [("Leeds", "LS1 4DY"), ("Bristol", "BS1 5TR"), ("York", "YO1 7HH")],
    "de": [("Köln", "50667"), ("Bad Homburg", "61348"), ("Erlangen", "91052")],
    "fr": [("Lyon", "69002"), ("Aix-en-Provence", "13100"), ("Brest", "29200")],
    "es": [("Sevilla", "41001"), ("Alcalá de Henares", "28801"), ("Gijón", "33201")],
    "it": [("Bologna", "40121"), ("Reggio Emilia", "42121"), ("Lecce", "73100")],
    "nl": [("Utrecht", "3511 AB"), ("Den Bosch", "5211 BD"), ("Zwolle", "8011 CW")],
}
STREETS: dict[str, list[str]] = {
    "en": ["{n} Church Road", "{n} Old Mill Lane", "{n} Queen Victoria Street", "{n} Park Avenue"],
    "de": ["Lindenstraße {n}", "Gustav-Mahler-Weg {n}", "Am Bahnhof {n}", "Alte Poststr. {n}b"],
    "fr": [
        "{n} rue de la République",
        "{n}, avenue Jean Jaurès",
        "{n} bis boulevard Voltaire",
        "{n} chemin des Vignes",
    ],
    "es": ["Calle Mayor, {n}", "Avenida de la Constitución {n}", "C/ San Juan {n}, 2º B", "Plaza de España, {n}"],
    "it": ["Via Roma {n}", "Viale dei Mille, {n}", "Piazza Garibaldi {n}", "Corso Vittorio Emanuele {n}"],
    "nl": ["Kerkstraat {n}", "Burgemeester de Vlugtlaan {n}", "Nieuwe Gracht {n}", "Dorpsstraat {n}a"],
}
IDS = {"de": ("DE_TAX_ID", "de.idnr", 11), "nl": ("NL_BSN", "nl.bsn", 9), "fr": ("FR_NIR", "fr.nir", 15)}
MONTHS = {
    "en": "January March June October".split(),
    "de": "Januar März Juni Oktober".split(),
    "fr": "janvier mars juin octobre".split(),
    "es": "enero marzo junio octubre".split(),
    "it": "gennaio marzo giugno ottobre".split(),
    "nl": "januari maart juni oktober".split(),
}
IBANS = {"DE": 18, "NL": 14, "FR": 23, "ES": 20, "IT": 23, "GB": 18}


class Values:
    """One language's values, drawn from one source of chance."""

    def __init__(self, language: str, seed: int) -> None:
        self.language = language
        self._random = random.Random(f"{language}{seed}")  # noqa: S311 - a benchmark repeats itself
        self._fake = Faker(LOCALES[language])
        self._fake.seed_instance(seed)

    def person(self) -> str:
        r = self._random
        first = r.choice(FAR_FIRST) if r.random() < 0.2 else self._fake.first_name()
        last = r.choice(FAR_LAST) if r.random() < 0.2 else self._fake.last_name()
        return r.choice([f"{first} {last}"] * 4 + [f"{first} {first[0]}. {last}", f"{first} {last}".upper()])

    def first(self) -> str:
        return self._random.choice(FAR_FIRST) if self._random.random() < 0.2 else self._fake.first_name()

    def last(self) -> str:
        return self._random.choice(FAR_LAST) if self._random.random() < 0.2 else self._fake.last_name()

    def email(self) -> str:
        domain = self._random.choice(["mail.example", "post.example.org", "firma-xy.de", "shop.co.uk", "uni.edu"])
        return (
            f"{self._random.choice(['a.', 'info+', 'k_', ''])}{self._digits(3)}{self._random.choice('abkz')}@{domain}"
        )

    def phone(self) -> str:
        home = self._random.random() < 0.8
        region = REGIONS[self.language] if home else self._random.choice(ABROAD)
        kind = self._random.choice([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE])
        number = phonenumbers.example_number_for_type(region, kind)
        assert number is not None
        changed = phonenumbers.PhoneNumber()
        while not phonenumbers.is_valid_number(changed):
            changed.merge_from(number)
            changed.national_number = number.national_number // 10**4 * 10**4 + self._random.randrange(10**4)
        forms = phonenumbers.PhoneNumberFormat
        form = self._random.choice([forms.NATIONAL, forms.INTERNATIONAL, forms.E164]) if home else forms.INTERNATIONAL
        return str(phonenumbers.format_number(changed, form))

    def iban(self) -> str:
        country = self._random.choice(list(IBANS))
        bank = "ABNA" if country == "NL" else "BARC" if country == "GB" else "X" if country == "IT" else ""
        account = bank + self._digits(IBANS[country] - len(bank))
        check = 98 - int("".join(str(int(c, 36)) for c in f"{account}{country}00")) % 97
        whole = f"{country}{check:02}{account}"
        return whole if self._random.random() < 0.5 else " ".join(whole[n : n + 4] for n in range(0, len(whole), 4))

    def card(self) -> str:
        first = self._random.choice(["4", "51", "54", "37", "6011", "2223"])
        body = first + self._digits((14 if first == "37" else 15) - len(first))
        digits = [int(c) * (2 if n % 2 == 0 else 1) for n, c in enumerate(reversed(body))]
        whole = body + str(-sum(d - 9 if d > 9 else d for d in digits) % 10)
        cut = [4, 6, 5] if first == "37" else [4, 4, 4, 4]
        return self._random.choice([whole, *(self._cut(whole, cut, sign) for sign in " -")])

    def _cut(self, whole: str, lengths: list[int], sign: str) -> str:
        ends = [sum(lengths[:n]) for n in range(len(lengths) + 1)]
        return sign.join(whole[a:b] for a, b in pairwise(ends))

    def ip(self) -> str:
        if self._random.random() < 0.7:
            return ".".join(str(self._random.randrange(1, 255)) for _ in range(4))
        return ":".join(f"{self._random.randrange(1, 65535):x}" for _ in range(8))

    def ssn(self) -> str:
        r = self._random
        return f"{r.choice([*range(100, 666), *range(667, 899)]):03}-{r.randrange(10, 99)}-{r.randrange(1000, 9999)}"

    def national_id(self) -> str:
        _, module, length = IDS[self.language]
        check: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
        while True:
            start = (
                f"{self._random.choice('12')}{self._digits(2)}{self._random.randrange(1, 13):02}75"
                if length == 15
                else ""
            )
            body = start + self._digits(length - len(start) - (2 if start else 0))
            whole = f"{body}{97 - int(body) % 97:02}" if start else body
            if check(whole):
                return whole

    def address(self) -> str:
        town, code = self._random.choice(TOWNS[self.language])
        street = self._random.choice(STREETS[self.language]).format(n=self._random.randrange(1, 199))
        tail = f"{town} {code}" if self.language == "en" else f"{code} {town}"
        return street if self._random.random() < 0.2 else f"{street}, {tail}"

    def city(self) -> str:
        return self._random.choice(TOWNS[self.language])[0]

    def birth(self) -> str:
        r = self._random
        day, month, year = r.randrange(1, 28), r.randrange(4), r.randrange(1940, 2006)
        name = MONTHS[self.language][month]
        of = " de " if self.language == "es" else " "
        written = (
            f"{name} {day}, {year}"
            if self.language == "en"
            else f"{day}{'.' if self.language == 'de' else ''}{of}{name}{of}{year}"
        )
        number = (1, 3, 6, 10)[month]
        return r.choice(
            [written, f"{day:02}.{number:02}.{year}", f"{year}-{number:02}-{day:02}", f"{day:02}/{number:02}/{year}"]
        )

    def age(self) -> str:
        return str(self._random.randrange(18, 95))

    def order(self) -> str:
        return self._digits(self._random.choice([6, 8, 10]))

    def _digits(self, count: int) -> str:
        return "".join(self._random.choice("0123456789") for _ in range(count))
