"""An in-memory `Terminology` with some thirty real RxNorm products, for tests that need drugs but not the index.

Codes, names and strengths are those of RxNorm's Current Prescribable Content (October 2025); class ids are EPC and MoA
ids of RxClass (March 2022). Strength units are UCUM: `mg`, `mg/mL`, `mg/{actuat}`, `mg/h`, `[IU]/mL`, `meq`.
"""

from hashlib import sha256

from cds_service.terminology.products import Ingredient, Product, Route, Strength

INGREDIENTS = {
    "161": "acetaminophen",
    "723": "amoxicillin",
    "1191": "aspirin",
    "3008": "cyclosporine",
    "3355": "diclofenac",
    "3407": "digoxin",
    "4124": "ethinyl estradiol",
    "4337": "fentanyl",
    "4603": "furosemide",
    "4917": "nitroglycerin",
    "5640": "ibuprofen",
    "6470": "lorazepam",
    "6809": "metformin",
    "6851": "methotrexate",
    "7804": "oxycodone",
    "7980": "penicillin G",
    "7984": "penicillin V",
    "8591": "potassium chloride",
    "10600": "timolol",
    "11289": "warfarin",
    "21212": "clarithromycin",
    "31994": "norgestimate",
    "36567": "simvastatin",
    "41126": "fluticasone",
    "136411": "sildenafil",
    "274783": "insulin glargine",
    "1037042": "dabigatran etexilate",
    "1364430": "apixaban",
}

CLASSES = {
    "1191": frozenset({"N0000175722", "N0000175578", "N0000000160"}),
    "3355": frozenset({"N0000175722", "N0000000160"}),
    "3407": frozenset({"N0000175568"}),
    "4337": frozenset({"N0000175690", "N0000175684"}),
    "4603": frozenset({"N0000175590"}),
    "4917": frozenset({"N0000175415", "N0000000120"}),
    "5640": frozenset({"N0000175722", "N0000000160"}),
    "6470": frozenset({"N0000175694"}),
    "6809": frozenset({"N0000175565"}),
    "7804": frozenset({"N0000175690", "N0000175684"}),
    "7980": frozenset({"N0000175497"}),
    "7984": frozenset({"N0000175497"}),
    "11289": frozenset({"N0000175476"}),
    "21212": frozenset({"N0000175877", "N0000182141"}),
    "36567": frozenset({"N0000175589"}),
    "136411": frozenset({"N0000175599"}),
    "1364430": frozenset({"N0000175637"}),
}

# rxcui | tty | name | ingredient rxcui:value unit; ... | dose form | route | brand | quantity
PRODUCTS = """
855332  | SCD | warfarin sodium 5 MG Oral Tablet | 11289:5 mg | Oral Tablet | systemic
197806  | SCD | ibuprofen 600 MG Oral Tablet | 5640:600 mg | Oral Tablet | systemic
310965  | SCD | ibuprofen 200 MG Oral Tablet | 5640:200 mg | Oral Tablet | systemic
206905  | SBD | ibuprofen 400 MG Oral Tablet [Ibu] | 5640:400 mg | Oral Tablet | systemic | Ibu
313782  | SCD | acetaminophen 325 MG Oral Tablet | 161:325 mg | Oral Tablet | systemic
198440  | SCD | Acetaminophen 500 MG Oral Tablet | 161:500 mg | Oral Tablet | systemic
1049221 | SCD | acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet | 161:325 mg; 7804:5 mg | Oral Tablet | systemic
1049625 | SBD | acetaminophen 325 MG / oxycodone hydrochloride 10 MG Oral Tablet [Percocet] | 161:325 mg; 7804:10 mg | Oral Tablet | systemic | Percocet
197604  | SCD | digoxin 0.125 MG Oral Tablet | 3407:0.125 mg | Oral Tablet | systemic
328160  | SCD | cyclosporine 100 MG Oral Capsule | 3008:100 mg | Oral Capsule | systemic
312961  | SCD | simvastatin 20 MG Oral Tablet | 36567:20 mg | Oral Tablet | systemic
197517  | SCD | clarithromycin 500 MG Oral Tablet | 21212:500 mg | Oral Tablet | systemic
705129  | SCD | nitroglycerin 0.4 MG/ACTUAT Mucosal Spray | 4917:0.4 mg/{actuat} | Mucosal Spray | systemic
198039  | SCD | nitroglycerin 0.4 MG Sublingual Tablet | 4917:0.4 mg | Sublingual Tablet | systemic
312950  | SCD | sildenafil 50 MG Oral Tablet | 136411:50 mg | Oral Tablet | systemic
197901  | SCD | lorazepam 1 MG Oral Tablet | 6470:1 mg | Oral Tablet | systemic
861007  | SCD | metformin hydrochloride 500 MG Oral Tablet | 6809:500 mg | Oral Tablet | systemic
1037045 | SCD | dabigatran etexilate 150 MG Oral Capsule | 1037042:150 mg | Oral Capsule | systemic
1364445 | SCD | apixaban 5 MG Oral Tablet | 1364430:5 mg | Oral Tablet | systemic
308191  | SCD | amoxicillin 500 MG Oral Capsule | 723:500 mg | Oral Capsule | systemic
308189  | SCD | amoxicillin 80 MG/ML Oral Suspension | 723:80 mg/mL | Oral Suspension | systemic
834102  | SCD | penicillin V potassium 500 MG Oral Tablet | 7984:500 mg | Oral Tablet | systemic
855633  | SCD | diclofenac sodium 0.01 MG/MG Topical Gel | 3355:0.01 mg/mg | Topical Gel | topical
1922894 | SCD | Preservative-Free timolol 5 MG/ML Ophthalmic Solution | 10600:5 mg/mL | Ophthalmic Solution | ophthalmic
895994  | SCD | 120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler | 41126:0.044 mg/{actuat} | Metered Dose Inhaler | inhaled | | 120 {actuat}
105585  | SCD | methotrexate 2.5 MG Oral Tablet | 6851:2.5 mg | Oral Tablet | systemic
245134  | SCD | 72 HR fentanyl 0.025 MG/HR Transdermal System | 4337:0.025 mg/h | Transdermal System | systemic | | 72 h
311041  | SCD | insulin glargine 100 UNT/ML Injectable Solution | 274783:100 [IU]/mL | Injectable Solution | systemic
1719286 | SCD | 10 ML furosemide 10 MG/ML Injection | 4603:10 mg/mL | Injection | systemic | | 10 mL
313988  | SCD | furosemide 40 MG Oral Tablet | 4603:40 mg | Oral Tablet | systemic
310429  | SCD | furosemide 20 MG Oral Tablet | 4603:20 mg | Oral Tablet | systemic
315971  | SCDC | furosemide 40 MG | 4603:40 mg | | systemic
198116  | SCD | potassium chloride 20 MEQ Extended Release Oral Tablet | 8591:20 meq | Extended Release Oral Tablet | systemic
243670  | SCD | aspirin 81 MG Oral Tablet | 1191:81 mg | Oral Tablet | systemic
751905  | BPCK | Trinessa 28 Day Pack | 4124; 31994 | Pack | systemic | Trinessa 28 Day
42844   | BN | Percocet | 161; 7804 | | unknown | Percocet
202991  | BN | Lasix | 4603 | | systemic | Lasix
"""  # noqa: E501

NDCS = {"00093172101": "855332", "55111068201": "206905", "00781507231": "312961"}


def normalise(text: str) -> str:
    """Lower case, punctuation and runs of blanks as one blank."""
    return " ".join("".join(letter if letter.isalnum() or letter == "." else " " for letter in text.lower()).split())


def read_strength(text: str) -> Strength:
    value, unit = text.split(" ", 1)
    return Strength(float(value), unit)


def read_ingredient(text: str) -> Ingredient:
    rxcui, _, strength = text.strip().partition(":")
    return Ingredient(rxcui, INGREDIENTS[rxcui], read_strength(strength) if strength else None)


def read_product(line: str) -> Product:
    cells = [cell.strip() for cell in line.split("|")]
    rxcui, tty, name, ingredients, form, route, brand, quantity = (*cells, "", "")[:8]
    return Product(
        rxcui=rxcui,
        tty=tty,
        name=name,
        ingredients=tuple(read_ingredient(part) for part in ingredients.split(";")),
        dose_form=form or None,
        route=Route(route),
        brand=brand or None,
        quantity=read_strength(quantity) if quantity else None,
    )


def all_products() -> tuple[Product, ...]:
    single = (Product(rxcui, "IN", name, (Ingredient(rxcui, name),)) for rxcui, name in INGREDIENTS.items())
    return (*(read_product(line) for line in PRODUCTS.strip().splitlines()), *single)


class SmallTerminology:
    """The `Terminology` protocol over the products above."""

    def __init__(self) -> None:
        products = all_products()
        self.products = {product.rxcui: product for product in products}
        self.names: dict[str, Product] = {}
        for product in products:
            self.names.setdefault(normalise(product.name), product)

    @property
    def digest(self) -> str:
        return sha256(PRODUCTS.encode()).hexdigest()

    def by_rxcui(self, rxcui: str) -> Product | None:
        return self.products.get(rxcui)

    def by_ndc(self, ndc: str) -> Product | None:
        """Hyphenated (4-4-2, 5-3-2, 5-4-1) and 11-digit codes."""
        parts = ndc.split("-")
        if len(parts) == 3:
            ndc = parts[0].zfill(5) + parts[1].zfill(4) + parts[2].zfill(2)
        return self.products.get(NDCS.get(ndc, ""))

    def by_name(self, text: str) -> Product | None:
        return self.names.get(normalise(text))

    def ingredient_name(self, rxcui: str) -> str | None:
        return INGREDIENTS.get(rxcui)

    def classes(self, ingredient_rxcui: str) -> frozenset[str]:
        return CLASSES.get(ingredient_rxcui, frozenset())

    def members(self, class_id: str) -> frozenset[str]:
        return frozenset(rxcui for rxcui, classes in CLASSES.items() if class_id in classes)

    def search(self, text: str, limit: int = 20) -> tuple[Product, ...]:
        words = normalise(text).split()
        found = [
            product
            for product in self.products.values()
            if all(any(part.startswith(word) for part in normalise(product.name).split()) for word in words)
        ]
        return tuple(sorted(found, key=lambda product: (product.tty in ("BN", "IN"), len(product.name)))[:limit])
