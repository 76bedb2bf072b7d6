"""Every page on a phone in light colours and on a laptop in dark ones: nothing sticks out, nothing
is cut off, and every word is readable. A page is opened once and shown at both sizes: how it looks
is CSS alone, no script of ours asks for a size.

A page that logs an error, or breaks its content policy, fails in `visit`.
"""

from __future__ import annotations

import pytest

from contracts.models import Contract
from invoices.models import Batch, Invoice
from tests import make
from tests.invoices import web
from tests.kernel.test_every_page import address, month, pages  # noqa: F401 - a fixture

OTHERS = (
    "/", "/profile/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/password/change/",
    "/keys/", "/keys/new/", "/team/", "/team/new/", "/options/", "/import/", "/whitelabel/",
    "/invoices/", "/invoices/new/", "/batches/", "/batches/new/", "/nowhere/",
)  # fmt: skip
DEVICES = (
    ("phone", {"width": 375, "height": 750}, "light"),
    ("laptop", {"width": 1280, "height": 750}, "dark"),
)
# Words whose contrast is below 4.5 (large ones: 3), as WCAG 2.2 reckons it. Passed over: links in a
# disabled part, words behind a bar, hidden and faded words, what is printed across a draft.
LOOK = """() => {
  const changing = () => document.getAnimations().filter(a => a instanceof CSSTransition)
  for (let found; (found = changing()).length;) found.forEach(a => a.finish())
  const pen = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true}), seen = {}
  const rgba = (color) => seen[color] ??= (() => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = color; pen.fillRect(0, 0, 1, 1)
    return [...pen.getImageData(0, 0, 1, 1).data]
  })()
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = rgba(getComputedStyle(one).backgroundColor)
      if (color[3] === 255) return color
    }
    return [255, 255, 255, 255]
  }
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), pale = []
  while (words.nextNode()) {
    const text = words.currentNode.data.trim(), element = words.currentNode.parentElement
    const shown = element.checkVisibility({opacityProperty: true, visibilityProperty: true})
    if (!text || !shown) continue
    if (element.closest('svg, progress, template, :disabled')) continue
    if (element.closest('.watermark, .visually-hidden, .skip')) continue
    const style = getComputedStyle(element), size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
    const [a, b] = [light(rgba(style.color)), light(ground(element))].sort((x, y) => y - x)
    const ratio = (a + 0.05) / (b + 0.05)
    if (ratio < (large ? 3 : 4.5)) pale.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`)
  }
  const cut = [...document.querySelectorAll('.scroll')]
    .filter(e => getComputedStyle(e).overflowX === 'clip' && e.scrollWidth > e.clientWidth + 1)
    .map(e => e.querySelector('th')?.textContent)
  const shown = [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]
  const wide = Math.max(document.scrollingElement.scrollWidth - innerWidth, 0)
  return {wide, cut, pale, seen: shown}
}"""


@pytest.fixture
def money(month):  # noqa: F811 - the fixture above
    """Two invoices, one of them large and late."""
    contract = Contract.objects.get(type="hourly")
    bill = make.claim(make.entry(make.ticket(contract)), "INV-9001").invoice
    bill.total = bill.balance = "1234567.89"
    bill.due_date = make.day("2026-01-01")
    bill.period_start, bill.period_end = make.day("2026-10-15"), make.day("2026-11-14")
    bill.batch = web.batch()
    bill.save()
    make.claim(make.used(make.ticket(contract)))


def test_every_page_fits_and_is_readable(money, visit):
    page = visit("owner")
    addresses = [address(route) for route, _ in pages()] + list(OTHERS)
    addresses += [f"/invoices/{pk}/" for pk in Invoice.objects.values_list("pk", flat=True)]
    addresses += [f"/invoices/{Invoice.objects.drafts()[0].pk}/{act}/" for act in ("edit", "issue")]
    addresses += [f"/batches/{Batch.objects.get().pk}/{act}" for act in ("", "issue/", "delete/")]
    addresses += [f"/batches/new/{pk}/" for pk in Contract.objects.values_list("pk", flat=True)]
    faults = []
    for one in addresses:
        page.goto(one)
        for device, size, colors in DEVICES:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=colors)
            looks = page.evaluate(LOOK)
            assert looks.pop("seen") == [size["width"], colors == "dark"]
            faults += [
                f"{one} on a {device} {kind}: {what}" for kind, what in looks.items() if what
            ]
    assert len(addresses) > 50
    assert faults == [], "\n".join(faults)
