"""Words that say little about whom a text names: legal forms, and the commonest English and business words.

A fixed list, not counts of a tenant's texts: one more name must not change what every other name is worth.
"""

import re
from collections.abc import Iterator
from typing import Final

from cleanco.termdata import terms_by_country, terms_by_type

_ENGLISH: Final = """
a able about above across act add after again against age ago agree air all allow almost alone along already also although always am among
an and another answer any anyone anything appear apply april are area around arrive art as ask at attend attention august available away
baby back bad ball bank base be bear beat beautiful became because become bed been before began begin behind being believe below best
better between big bit black blue board body book born both bottom box boy break bring brother brought brown build built burn business but
buy by call came can cannot car card care carry case catch cause center central centre century certain chair chance change charge check
child children choose church city claim class clean clear close cold collect college color colour come common community company compare
complete condition consider contain continue control cook cool copy corner cost could country couple course cover create cross cry cup
current customer cut dark data date daughter day dead deal dear death december decide deep degree design detail develop did die differ
different difficult dinner direct do doctor does dog done door doubt down draw dream dress drive drop dry due during each early earth east
easy eat edge education effect effort eight either else employee end energy enjoy enough enter entire equal especially even evening event
ever every everyone everything exactly example expect experience explain eye face fact fall family far farm fast father february feel feet
few field fight figure fill final finally find fine finger finish fire first fish fit five fix floor flow fly follow food foot for force
foreign forget form former forward found four free fresh friday friend from front full fun future game garden gas gave general get girl
give given glad glass go goes going gold gone good got great green grew ground group grow guess had half hand happen happy hard has hat
have he head health hear heart heat heavy held hello help her here high hill him his history hit hold holiday home hope hot hour house how
however huge human hundred hurt husband i ice idea if image imagine important in include indeed industry inside instead interest into is
island issue it item its itself january job join july june just keep kept key kid kill kind king kitchen knew know lady lake land language
large last late later laugh law lay lead learn least leave left leg less let letter level lie life light like line lion list listen little
live local long look lose lost lot love low machine made mail main major make man many map march mark market master matter may maybe me
mean measure meat meet member men mention message middle might mile milk million mind mine minute miss modern moment monday money month
moon more morning most mother mountain mouth move much music must my name nation national natural nature near nearly necessary need never
new news next nice night nine no none nor north not note nothing notice november now number ocean october of off offer office often oh oil
old on once one only onto open or orange order other our out outside over own page pain paint pair paper parent park part party pass past
pay peace pen people perhaps period person phone photo pick picture piece place plain plan plane plant play please plus point police poor
popular position possible post power present press pretty price print private probably problem produce product program protect prove
provide public pull purple push put quality question quick quickly quiet quite race rain raise ran rate rather reach read ready real
really reason receive record red region remain remember repeat reply report rest result return rich ride right ring rise river road rock
role roll room round rule run safe said sail salt same sat saturday save saw say scale school science sea season seat second secret
section see seem seen self sell send sense sent september serve service set seven several shall shape share sharp she ship shoe shop short
should show side sign silver similar simple since sing single sister sit six size skin sky sleep slow small snow so social soft soil some
someone something sometimes son song soon sorry sort sound south space speak special speed spend spoke spot spring square staff stage
stand star start state station stay step still stone stood stop store storm story straight strange street strong student study style
subject such sudden suggest summer sun sunday supply support sure surface system table take talk tall teach team tell ten term test than
thank thanks that the their them then there these they thing think third this those though thought thousand three through thursday time
tiny to today together told tomorrow too took top total touch toward town trade train travel tree trip trouble true trust try tuesday turn
twelve twenty two type under understand unit until up upon us use used usual valley value various very via view village visit voice wait
walk wall want war warm was wash watch water way we wear weather wednesday week weekend weight welcome well went were west what wheel when
where whether which while white who whole whom whose why wide wife wild will wind window winter wish with within without woman women
wonder wood word work worker world worry would write writer wrong yard year yellow yes yesterday yet you young your yours zero
"""
_BUSINESS: Final = """
academy account accounting accounts acquisition action active activity addendum administration adr advanced advertising advisors advisory
africa agency agenda agents agreement agricultural agriculture airline airlines airways aktien al alliance alpha aluminium aluminum
amendment america american amp analysis analytics annual antiques app application applications approval approved architects architecture
archive argentina asap asia asian asset assets assistance associates association assurance attachment audit australia austria auto
automation automobile automotive aviation backup bakeries bakery banca banco bancorp bancorporation bancshares banking banque barbers
beauty belgium beta beverages bid billing biotech biotechnology boutique brand brands brazil brewery brewing bricks brief britain british
broadcasting brokers budget builders cable call campaign canada capital carpentry carpets cash catalog catalogue catering cement centers
ceo ceramics cfo channel checklist chemical chemicals chile china class cleaning client clients clinic clinics closed clothing cloud club
co coaching coal college colombia com commercial commission committee communication communications compagnie companhia compania companies
compliance components computer computing concrete conference confidential consolidated construction consultants consulting content
contract contracting contractors contracts cooperative corp corporate cosmetics council couriers creative credit crm csv cto cum currency
customers da dairy das dashboard de deals debt deck decorators del delivery della demo den denmark dental dentistry department deployment
der des designs details development devices di diagnostics die digital direction director distillery distribution division do doc document
documents docx domain dos download dr draft dressing drilling drugs du dutch dynamics earnings eastern ecommerce economic egypt el
electric electrical electricals electronic electronics email eng engagement engineering engines england enterprise enterprises
entertainment environment environmental eod eom equipment equity estate estimate et eta eu eur europe european evaluation events exchange
executive expansion expense expenses exploration expo export express external fabrication faq farming farms fashion fasteners feedback
fertilizers file files finance financial finland fisheries fitness flooring flowers folder followup food foods forecast forestry
foundation framework france freight french fund funding funds furnishings furniture fw fwd fy fyi gallery games gaming garage gardens
gases gbp geology german germany global gmbh goods government graphics greece grocery groupe groups growth grupo gruppe gruppo guide
gymnasium hardware haulage healthcare heating het holding holdings hospital hospitality hotel hotels housing hr http https hungary
hydraulics hydropower hygiene implementation import inc income incorporated index india indonesia industrial industries info information
infrastructure initiative innovation innovations input install installation institute institutional instruments insurance integrated
integration intelligent interactive interior internal international internet interview inventory investing investment investments investor
investors invoice invoices ireland iron ironworks israel it italian italy japan jewellery jewelry joinery jpg jr kenya kickoff koninklijke
korea la lab laboratories laboratory labs landscaping las launch laundry le leads learning leasing leather legal leisure les licence
license licensing life lighting limited living llc loan log logistics logo los ltd lumber machinery machines magazine maintenance malaysia
management manager manufacturing marine marketing masonry material materials meats mechanics media medical meeting meetings memo metal
metallurgy metals metrics mexico mfg migration milestone mills mineral minerals mines mining minutes mobile monthly motor motorcycles
motors mr mrs ms msa museum music mutual nda negotiation net netherlands network networks nigeria nordic northern norway nursery nutrition
offshore onboarding online operation operations opportunities opportunity optical opticians ord order orders org organisation organization
outdoor outlook overview owner owners pacific packaging paints pakistan partner partners partnership payment payments payroll pdf pensions
performance personal petrochemical petroleum pharma pharmaceutical pharmaceuticals pharmacies pharmacy phase philippines photography pilot
pipeline planning plans plastic plastics platform plc plumbing pneumatics png poc poland policy portfolio portugal pottery poultry ppt
pptx precision pref presentation prf pricing prime printing pro process processing procurement production products prof professional
profile profit programme project projects promotion properties property proposal proposals prospect prospects publishers publishing pumps
purchase purchasing q quarries quarter quarterly quote quotes railway random realty receipt recruitment referral refinery refrigeration
reg regional registration reit release removals renewal renewals renovation rental rentals reports request requests research residential
resorts resource resources response restaurant restaurants restoration retail retainer revenue review revision rfi rfp risk roadmap
robotics romania roofing royal rubber russia safety sale sales sample sanitation sawmill schedule science sciences scientific scope
scotland seafood securities security seeds semiconductor semiconductors ser series services session share shared sheet shipping shipyard
shop shs signed silicon singapore site skincare slack slide slides societe software solar solution solutions source sourcing southern
spain spanish spec specification spirits sponsor sports sportswear sr st standard startup statement stationery status steel stock storage
stores strategic strategies strategy studio studios subscription summary supplies support surgery survey surveyors svenska sweden swiss
switzerland sync systems tailors taiwan task tasks tax tba tbd tech technical technologies technology telecom telecommunication
telecommunications telecoms template terms textile textiles thailand theatre therapeutics ticket tickets timber timeline tires title
tobacco tool tooling tools tour tourism towing toys tractors trading training transfer transport transportation travel trial trucking
trucks trust turbines turkey txt tyres uk ukraine und union united universal university update updates upgrade upsell usa usd user users
utilities van ve vehicles vendor vendors venture ventures version veterinary video vietnam vineyards von wales warehouse warehousing
watches web website weekly welding western wholesale windows winery wines wip wire wireless woodwork works workshop worldwide www xls xlsx
y zip
"""
_AMBIGUOUS_FORMS: Final = """
ad at ba bl da dat ec ei eg ep et fa gp ik nl ok pc pp ps psu pse sd sem sep sf sp ss stg teo uk vat xt cic cio crl ent fie
"""
_AMBIGUOUS: Final = frozenset(_AMBIGUOUS_FORMS.split())
"""Legal forms somewhere that are rather a place, a unit or a word at the end of most names."""
_MORE_LEGAL_FORMS: Final = """
aktiengesellschaft bhd bv cjsc coltd gesmbh inc jsc kk lc limitada limitee ltee mbh nv ojsc pcl pjsc pty publ pvt saa sab sdn se spa tbk
"""
LEGAL_PREFIXES: Final = frozenset(("ab", "pt", "ooo", "oao", "zao", "pao", "pjsc", "ojsc", "the", "ооо", "оао", "пао", "зао", "ао"))  # noqa: RUF001 - Russian
"""Those that stand in front of a name."""
UNSPACED_LEGAL_FORMS: Final = ("股份有限公司", "有限责任公司", "有限公司", "株式会社", "合同会社")
"""Those written without a space before or behind the name; longer ones first."""
_LETTERS: Final = re.compile(r"[^\W_]+")
_DOTTED: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:\.[^\W\d_])+(?![^\W_])\.?")


def _legal_suffixes() -> Iterator[tuple[str, ...]]:
    for terms in (*terms_by_type.values(), *terms_by_country.values()):
        for term in terms:
            spelled = _DOTTED.sub(
                lambda found: found.group().replace(".", ""), term.replace("&", " and ").replace("ü", "u").replace("ó", "o")
            )
            yield tuple(_LETTERS.findall(spelled.lower()))
    yield from ((form,) for form in _MORE_LEGAL_FORMS.split())


LEGAL_SUFFIXES: Final = frozenset(form for form in _legal_suffixes() if form and not (len(form) == 1 and form[0] in _AMBIGUOUS))
"""Legal forms that stand behind a name, as words: ``("gmbh", "and", "co", "kg")``. The data is that of the package cleanco."""
_COMMON: Final = frozenset(_ENGLISH.split()) | frozenset(_BUSINESS.split()) | {form[0] for form in LEGAL_SUFFIXES if len(form) == 1}
_EMPTY_WORDS: Final = """
a b c and companies company corporation enterprises global group groupe groep grupo gruppe gruppo holding holdings international of ord
class ser series shs the worldwide technologies
"""
EMPTY: Final = frozenset(_EMPTY_WORDS.split())
"""Words of company names that companies leave out themselves."""


def is_common(word: str) -> bool:
    """Whether a normalised word alone names nobody: a common word, a number, a single letter."""
    return word in _COMMON or word.isdigit() or (len(word) < 2 and word.isascii())  # noqa: PLR2004 - one letter
