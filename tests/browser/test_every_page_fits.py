"""Every page on a phone in light colours and on a laptop in dark ones: nothing sticks out, nothing
is cut off, and every word is readable.

A page that logs an error, or breaks its content policy, fails in `visit`.
"""

from __future__ import annotations

import pytest

from contracts.models import Contract
from invoices.models import Invoice
from tests import make
from tests.kernel.test_every_page import address, month, pages  # noqa: F401 - a fixture

OTHERS = (
    "/", "/profile/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/password/change/",
    "/keys/", "/keys/new/", "/team/", "/team/new/", "/options/", "/import/", "/whitelabel/",
    "/invoices/", "/invoices/new/", "/batches/", "/batches/new/", "/nowhere/",
)  # fmt: skip
# Words whose contrast is below 4.5 (large ones: 3), as WCAG 2.2 reckons it; links in a disabled
# part, hidden and faded words, and a draft's mark, are passed over.
LOOK = """() => {
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
    if (element.closest('svg, .visually-hidden, :disabled, template, .skip')) continue
    if (element.closest('[aria-hidden=true]')) continue
    const style = getComputedStyle(element), size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
    const [a, b] = [light(rgba(style.color)), light(ground(element))].sort((x, y) => y - x)
    const ratio = (a + 0.05) / (b + 0.05)
    if (ratio < (large ? 3 : 4.5)) pale.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`)
  }
  const cut = [...document.querySelectorAll('.scroll')]
    .filter(e => getComputedStyle(e).overflowX === 'clip' && e.scrollWidth > e.clientWidth + 1)
    .map(e => e.querySelector('th')?.textContent)
  return {wide: Math.max(document.scrollingElement.scrollWidth - innerWidth, 0), cut, pale}
}"""


@pytest.fixture
def money(month):  # noqa: F811 - the fixture above
    """Two invoices, one of them large and late."""
    contract = Contract.objects.get(type="hourly")
    bill = make.claim(make.entry(make.ticket(contract)), "INV-9001").invoice
    bill.total = bill.balance = "1234567.89"
    bill.due_date = make.day("2026-01-01")
    bill.save()
    make.claim(make.used(make.ticket(contract)))


@pytest.mark.parametrize(
    ("width", "colors"), [(375, "light"), (1280, "dark")], ids=["phone", "laptop"]
)
def test_every_page_fits_and_is_readable(money, visit, width, colors):
    page = visit("owner", viewport={"width": width, "height": 750}, color_scheme=colors)
    addresses = [address(route) for route, _ in pages()] + list(OTHERS)
    addresses += [f"/invoices/{pk}/" for pk in Invoice.objects.values_list("pk", flat=True)]
    faults = []
    for one in addresses:
        page.goto(one)
        faults += [f"{one} {kind}: {what}" for kind, what in page.evaluate(LOOK).items() if what]
    assert len(addresses) > 50
    assert faults == [], "\n".join(faults)
