"""Ingredients whose labelled effect is not where their dose form is put.

RxNorm's dose form says where a product is applied; a testosterone gel, a nitroglycerin spray or a sumatriptan nasal
spray is labelled for its effect on the whole body, and a dexamethasone implant or a hydrocortisone suppository for its
effect in place. Each entry is the reading of the section "Indications and Usage" of the products' US labels.
"""

from cds_service.terminology.products import Route

# Route class of the dose form -> ingredients (RxNorm IN) that act on the whole body from there.
SYSTEMIC_FROM: dict[Route, dict[int, str]] = {
    Route.TOPICAL: {
        10379: "testosterone",
        4083: "estradiol",
        4917: "nitroglycerin",
        32675: "oxybutynin",
        4337: "fentanyl",
    },
    Route.LOCAL: {4917: "nitroglycerin", 4337: "fentanyl"},
    Route.RECTAL_LOCAL: {3322: "diazepam", 4917: "nitroglycerin"},
    Route.VAGINAL: {4124: "ethinyl estradiol", 14584: "etonogestrel", 2055978: "segesterone"},
    Route.INHALED: {
        253182: "insulin, regular, human",
        6375: "levodopa",
        6475: "loxapine",
        7407: "nicotine",
    },
    Route.NASAL: {
        37418: "sumatriptan",
        135775: "zolmitriptan",
        3418: "dihydroergotamine",
        2637955: "zavegepant",
        3322: "diazepam",
        6960: "midazolam",
        2119365: "esketamine",
        7242: "naloxone",
        31479: "nalmefene",
        4337: "fentanyl",
        1841: "butorphanol",
        35827: "ketorolac",
        3251: "desmopressin",
        28656: "nafarelin",
        7407: "nicotine",
        4832: "glucagon",
        36118: "salmon calcitonin",
        6915: "metoclopramide",
        11248: "vitamin B12",
        10379: "testosterone",
        3992: "epinephrine",
        1808: "bumetanide",
    },
}

# Systemic dose form -> where its products act when they hold nothing but these ingredients.
LOCAL_FROM: dict[str, tuple[Route, dict[int, str]]] = {
    "Drug Implant": (
        Route.LOCAL,
        {
            25126: "fluocinolone",
            3264: "dexamethasone",
            108118: "mometasone",
            2105: "carmustine",
            283810: "bimatoprost",
            283809: "travoprost",
            2358: "chlorhexidine",
            1815: "bupivacaine",
            27291: "hydroxypropylcellulose",
            2837: "copper",
            12574: "gemcitabine",
            2708830: "revakinagene taroretcel",
        },
    ),
    "Rectal Suppository": (
        Route.RECTAL_LOCAL,
        {
            5492: "hydrocortisone",
            52582: "mesalamine",
            8163: "phenylephrine",
            34347: "pramoxine",
            3339: "dibucaine",
            1596: "bisacodyl",
            4910: "glycerin",
            6387: "lidocaine",
            1399: "benzocaine",
            11423: "zinc oxide",
            21389: "cocoa butter",
            91472: "shark liver oil",
        },
    ),
}
