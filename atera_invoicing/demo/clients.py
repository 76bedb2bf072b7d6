"""The customers of Northwind IT and whom to write to there."""
# ruff: noqa: E501 - the tables below read better in one piece

from __future__ import annotations

from typing import NamedTuple

from customers.models import Contact, Customer


class Person(NamedTuple):
    first_name: str
    last_name: str
    email: str = ""
    job_title: str = ""
    is_main: bool = False
    is_billing: bool = False


class Client(NamedTuple):
    name: str
    street: str
    city: str
    postal_code: str
    people: tuple[Person, ...]
    payment_days: int | None = None
    tax_number: str = ""
    notes: str = ""


def main(first: str, last: str, email: str, job: str = "Office manager") -> Person:
    return Person(first, last, email, job, is_main=True)


CLIENTS = (
    Client("Alder & Finch Architects", "418 Pike Street", "Seattle", "98101",
           (main("Renee", "Alder", "renee@alderfinch.example", "Partner"),
            Person("Marcus", "Tran", "marcus@alderfinch.example", "Draftsman"))),
    Client("Ballard Boatworks", "2201 Shilshole Avenue NW", "Seattle", "98107",
           (main("Ingrid", "Solheim", "ingrid@ballardboats.example"),), 14),
    Client("Björk & Sønner Coffee Roasters", "77 Yesler Way", "Seattle", "98104",
           (main("Åse", "Bjørk", "aase@bjorksonner.example", "Owner"),
            Person("Jürgen", "Müller", "juergen@bjorksonner.example", "Head roaster"))),
    Client("Cascade Dental Group", "1520 Bellevue Way NE", "Bellevue", "98004",
           (Person("Holly", "Pratt", "holly@cascadedental.example", "Front desk"),
            main("Dr. Samir", "Khoury", "samir@cascadedental.example", "Practice owner"),
            Person("Lena", "Voss", "accounts@cascadedental.example", "Accounts payable",
                   is_billing=True))),
    Client("Cedar Hollow Veterinary Clinic", "9 Cedar Hollow Road", "Issaquah", "98027",
           (Person("Paula", "Wexler", "", "Practice manager", is_main=True),
            Person("Nate", "Holloway", "nate@cedarhollowvet.example", "Veterinarian")),
           notes="The practice manager has no address of her own; bills go to Dr. Holloway."),
    Client("Emerald City Title & Escrow", "800 Fifth Avenue", "Seattle", "98104",
           (main("Gloria", "Benítez", "gloria@emeraldtitle.example", "Operations"),
            main("Victor", "Shaw", "victor@emeraldtitle.example", "Managing director")), 10),
    Client("Fremont Family Law", "3513 Fremont Avenue N", "Seattle", "98103",
           (main("Aisha", "Coleman", "aisha@fremontfamilylaw.example", "Attorney"),)),
    Client("Gasworks Brewing", "1950 N Northlake Way", "Seattle", "98103",
           (Person("Owen", "Pike", "owen@gasworksbrewing.example", "Brewer"),
            Person("Tess", "Nakamura", "tess@gasworksbrewing.example", "Taproom manager"))),
    Client("Harborview Logistics", "1 Marginal Way S", "Seattle", "98134",
           (main("Dmitri", "Volkov", "dmitri@harborviewlogistics.example", "IT lead"),
            Person("Accounts", "Payable", "ap@harborviewlogistics.example", "", is_billing=True)), 45,
           "91-4471120"),
    Client("Hinode Trading 日の出", "620 S Jackson Street", "Seattle", "98104",
           (main("Keiko", "Tanabe", "keiko@hinode.example", "President"),)),
    Client("Juniper Wealth Partners", "10900 NE 8th Street", "Bellevue", "98004",
           (main("Charlotte", "Reyes", "charlotte@juniperwealth.example", "Compliance officer"),), 14),
    Client("Kirkland Montessori School", "515 Lake Street S", "Kirkland", "98033",
           (main("Beatriz", "Fonseca", "beatriz@kirklandmontessori.example", "Head of school"),),
           notes="Nonprofit: the exemption certificate is on file."),
    Client("Lakeshore Property Management", "233 Lake Washington Blvd", "Kirkland", "98033",
           (main("Greg", "Dunham", "greg@lakeshorepm.example", "Director"),)),
    Client("Madrona Pediatrics", "1105 34th Avenue", "Seattle", "98122",
           (main("Dr. Ifeoma", "Nwosu", "ifeoma@madronapeds.example", "Physician"),
            Person("Cody", "Larsen", "cody@madronapeds.example", "Front desk"))),
    Client("Nisqually Timber Co.", "4400 Old Mill Road", "Olympia", "98501",
           (main("Hank", "Ostrowski", "hank@nisquallytimber.example", "Yard manager"),), 60),
    Client("Núñez & Peña Tax Advisors", "1201 Third Avenue", "Seattle", "98101",
           (main("Íñigo", "Núñez", "inigo@nunezpena.example", "Partner"),)),
    Client("Olympic Outdoor Gear", "2300 Western Avenue", "Seattle", "98121",
           (main("Sasha", "Whitfield", "sasha@olympicoutdoor.example", "Store operations"),
            Person("Ray", "Kim", "ray@olympicoutdoor.example", "Web shop"))),
    Client("Pioneer Square Dance Company", "115 S Jackson Street", "Seattle", "98104",
           (Person("Odette", "Marchand", "not an address", "Artistic director"),),
           notes="Ask for a proper e-mail address."),
    Client("Queen Anne Bakehouse", "1811 Queen Anne Avenue N", "Seattle", "98109", ()),
    Client("Rainier Precision Machining", "7700 E Marginal Way S", "Tukwila", "98108",
           (main("Wendell", "Fitch", "wendell@rainierprecision.example", "Plant manager"),
            Person("Yuki", "Arai", "yuki@rainierprecision.example", "Purchasing", is_billing=True)), 30,
           "91-8820417"),
    Client("Snoqualmie Valley Credit Union", "8150 Railroad Avenue", "Snoqualmie", "98065",
           (main("Marguerite", "Dufour", "marguerite@svcu.example", "Vice president, technology"),), 14),
    Client("Tacoma Harbor Supply", "901 Dock Street", "Tacoma", "98402",
           (main("Luis", "Cordero", "luis@tacomaharbor.example", "Warehouse manager"),)),
    Client("Union Street Physiotherapy", "1400 E Union Street", "Seattle", "98122",
           (main("Hannah", "Greer", "hannah@unionphysio.example", "Owner"),)),
    Client("Vashon Island Ferry Café", "10900 SW Ferry Road", "Vashon", "98070",
           (main("Zoë", "Lindgren", "zoe@ferrycafe.example", "Owner"),), 7),
    Client("Wallingford Animation Studio", "4501 Stone Way N", "Seattle", "98103",
           (main("Teodor", "Wójcik", "teodor@wallingfordanimation.example", "Producer"),
            Person("Mei-Ling", "Chow", "meiling@wallingfordanimation.example", "Lead artist"))),
)  # fmt: skip


def write() -> dict[str, Customer]:
    """Customers by name, with their contacts in the order given."""
    customers = {}
    for number, client in enumerate(CLIENTS, start=1):
        fields = client._asdict()
        people = fields.pop("people")
        customer = Customer.objects.create(
            **fields, reference=f"C-{1000 + number}", region="WA", country="USA"
        )
        for person in people:
            Contact.objects.create(customer=customer, **person._asdict())
        customers[customer.name] = customer
    return customers
