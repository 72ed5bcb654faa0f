# SPDX-License-Identifier: Apache-2.0
"""Invents the demo's orders: what a few creators' people pre-order within two days. Same seed, same feed."""
import random

MONDAY = 1795413600  # 2026-11-23T06:00:00Z, when the demo's plant opens
HOUR = 3600

TOWNS = [("GB", "Manchester", "M1 2WD"), ("GB", "Leeds", "LS1 4AP"), ("GB", "Bristol", "BS1 5TR"), ("GB", "York", "YO1 7HH"),
         ("FR", "Lyon", "69002"), ("DE", "Köln", "50667"), ("US", "Portland", "97205")]
GIVEN = "Mei Ada Tom Ines Jon Lea Max Noor Sam Uma Finn Zoe".split()
FAMILY = "Chen Okafor Smith García Weber Novak Lindgren Rossi Dubois Khan".split()
FABRIC, INK, SIZE = ["white", "black"], ["light", "dark", "neon"], ["S", "M", "L", "XL"]


def person(rng):
    country, city, code = rng.choice(TOWNS)
    return {"name": f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}",
            "address": {"country": country, "city": city, "line1": f"{rng.randint(1, 180)} {rng.choice(['High', 'Mill', 'Park'])} Street",
                        "postal_code": code}}


def tee(rng, design, product="tee"):
    fabric = rng.choice(FABRIC)
    ink = rng.choice(["dark", "neon"] if fabric == "white" else ["light", "neon"])
    return {"product": product, "options": {"fabric": fabric, "size": rng.choice(SIZE), "ink": ink, "design": design},
            "quantity": rng.choice([1, 1, 1, 2])}


def mug(rng, design):
    return {"product": "mug", "options": {"glaze": rng.choice(["white", "blue"]), "design": design}, "quantity": rng.choice([1, 2, 2, 4])}


def order(ref, at, items, recipient, channel, service="standard"):
    return {"order_ref": ref, "channel": channel, "items": items, "recipient": recipient, "shipping": {"service": service}, "_at": at}


def drop(rng, creator, count, begin_h, hours, channel):
    """A drop: most order in the first minutes, then it thins out. A few come back for more."""
    people = []
    for n in range(count):
        at = MONDAY + begin_h * HOUR + min(rng.expovariate(3 / (hours * HOUR)), hours * HOUR)
        kind, design = rng.random(), f"{creator}-{rng.randint(1, 4)}"
        if kind < 0.55:
            items = [tee(rng, design)]
        elif kind < 0.70:
            items = [tee(rng, design, "hoodie")]
        elif kind < 0.88:
            items = [mug(rng, design)]
        else:
            items = [tee(rng, design), mug(rng, design)]  # two products, one parcel
        if rng.random() < 0.03 and items[0]["product"] == "tee":
            items[0].update(quantity=1, personalization={"text": f"for {rng.choice(GIVEN)}"})
        people.append(rng.choice(people) if people and rng.random() < 0.04 else person(rng))
        yield order(f"{creator.upper()}-{n + 1:05d}", at, items, people[-1], channel)


def last_hoodie(rows):
    """What waits for the fleece that comes on Wednesday can still be cancelled on Tuesday."""
    return max((row["at"], row["order"]["order_ref"]) for row in rows if row["order"]["items"][0]["product"] == "hoodie")[1]


def make(seed=7, scale=1.0):
    """{creator: [{"at": plant seconds, "order"|"cancel"|"amend": …}, …]}, each in order of time."""
    rng = random.Random(seed)
    feeds = {}
    for creator, count, begin_h, hours, channel in [("luna", 1500, 2, 6, "livestream"), ("northwave", 700, 3, 20, "shop"),
                                                    ("cornershop", 300, 1, 30, "counter")]:
        rows = list(drop(rng, creator, max(20, int(count * scale)), begin_h, hours, channel))
        feeds[creator] = [{"at": o.pop("_at"), "order": o} for o in rows]
    at = MONDAY + 27 * HOUR  # Tuesday 09:00: somebody needs it now
    rush = order("LUNA-RUSH", at, [dict(tee(rng, "luna-1"), quantity=2)], person(rng), "chat", "express")
    rush["shipping"]["deliver_by"] = "2026-11-26"
    del rush["_at"]
    feeds["luna"].append({"at": at, "order": rush})
    first = feeds["luna"][0]["order"]["order_ref"]
    feeds["luna"].append({"at": MONDAY + 9 * HOUR, "amend": first, "recipient": {
        "name": "Mei Chen", "address": {"country": "GB", "city": "Leeds", "line1": "2 Park Street (moved)", "postal_code": "LS1 4AP"}}})
    feeds["northwave"].append({"at": MONDAY + 24 * HOUR, "cancel": last_hoodie(feeds["northwave"])})
    for rows in feeds.values():
        rows.sort(key=lambda row: row["at"])
    return feeds
