"""Drugs that prolong the QT interval, by RxNorm IN, as the labels of the FDA word it.

Facts restated from labels; no licensed list was copied. Drugs that do so only at a high dose, in overdose or together
with another drug are left out.
"""

# A boxed warning, contraindication or warning section on QT prolongation or torsades, with torsades reported or a
# large effect.
KNOWN = frozenset(
    {
        "703",  # amiodarone
        "596724",  # anagrelide
        "18330",  # arsenic trioxide
        "18631",  # azithromycin
        "1364504",  # bedaquiline
        "2393",  # chloroquine
        "2403",  # chlorpromazine
        "2556",  # citalopram
        "21212",  # clarithromycin
        "3541",  # disopyramide
        "49247",  # dofetilide
        "68091",  # dolasetron
        "233698",  # dronedarone
        "3648",  # droperidol
        "4053",  # erythromycin
        "4450",  # fluconazole
        "5093",  # haloperidol
        "5521",  # hydroxychloroquine
        "41289",  # ibutilide
        "73178",  # iloperidone
        "2049873",  # ivosidenib
        "82122",  # levofloxacin
        "28863",  # lofexidine
        "6813",  # methadone
        "139462",  # moxifloxacin
        "662281",  # nilotinib
        "26225",  # ondansetron
        "1603350",  # panobinostat
        "7994",  # pentamidine
        "8331",  # pimozide
        "8700",  # procainamide
        "9068",  # quinidine
        "9071",  # quinine
        "2643048",  # quizartinib
        "1873916",  # ribociclib
        "83395",  # saquinavir
        "9947",  # sotalol
        "10502",  # thioridazine
        "38409",  # toremifene
        "1098413",  # vandetanib
        "115698",  # ziprasidone
    }
)

# A warning section on QT prolongation; torsades rare or unproven.
POSSIBLE = frozenset(
    {
        "1043",  # apomorphine
        "784649",  # asenapine
        "1819",  # buprenorphine
        "1535457",  # ceritinib
        "2551",  # ciprofloxacin
        "2626",  # clozapine
        "1148495",  # crizotinib
        "475342",  # dasatinib
        "475230",  # degarelix
        "1876905",  # deutetrabenazine
        "195085",  # efavirenz
        "2049106",  # encorafenib
        "2197862",  # entrectinib
        "1045453",  # eribulin
        "321988",  # escitalopram
        "1012892",  # fingolimod
        "4441",  # flecainide
        "33562",  # foscarnet
        "138099",  # gemifloxacin
        "2105806",  # gilteritinib
        "50610",  # goserelin
        "5553",  # hydroxyzine
        "6135",  # ketoconazole
        "480167",  # lapatinib
        "1603296",  # lenvatinib
        "42375",  # leuprolide
        "195088",  # lopinavir
        "7623",  # ofloxacin
        "1721560",  # osimertinib
        "32592",  # oxaliplatin
        "679314",  # paliperidone
        "1364105",  # pasireotide
        "714438",  # pazopanib
        "1791685",  # pimavanserin
        "2197878",  # pitolisant
        "282446",  # posaconazole
        "8687",  # primaquine
        "8754",  # propafenone
        "51272",  # quetiapine
        "35829",  # ranolazine
        "2472778",  # relugolix
        "877510",  # romidepsin
        "2370147",  # selpercatinib
        "2121085",  # siponimod
        "495881",  # sorafenib
        "357977",  # sunitinib
        "42316",  # tacrolimus
        "473837",  # telavancin
        "274786",  # telithromycin
        "10390",  # tetrabenazine
        "10737",  # trazodone
        "1918219",  # valbenazine
        "306674",  # vardenafil
        "1147220",  # vemurafenib
        "121243",  # voriconazole
    }
)
