/** What the tests ask inside of the page, as expressions: the page is another program, with other types. */

/** The text of an element as it is seen. */
export const textOf = (selector: string) => `document.querySelector(${JSON.stringify(selector)}).innerText`

/** Texts whose contrast with what is behind them is below 4.5 (WCAG 2, AA), with the number. */
export const FAINT_TEXTS = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const [r, g, b, alpha = 1] = channels(getComputedStyle(one).backgroundColor)
      if (alpha === 1) return [r, g, b]
      if (alpha > 0) throw new Error('a background that is half transparent cannot be judged here')
    }
    throw new Error('nothing is behind the text')
  }
  const faint = []
  let looked = 0
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (walker.currentNode.data.trim() === '' || !element.checkVisibility() || element.closest('script, style')) continue
    looked += 1
    const [one, other] = [light(channels(getComputedStyle(element).color)), light(behind(element))]
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
    if (contrast < 4.5) faint.push(walker.currentNode.data + ' ' + contrast.toFixed(2))
  }
  if (looked < 50) throw new Error('only ' + looked + ' texts were looked at')
  return faint
})()`

/** Which element has the focus, what it says, and whether its outline is seen. */
export const FOCUSED = `(() => {
  const element = document.activeElement
  const { outlineStyle, outlineWidth } = getComputedStyle(element)
  const box = element.getBoundingClientRect()
  return {
    tag: element.tagName.toLowerCase(),
    words: (element.getAttribute('aria-label') ?? element.innerText).trim(),
    outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    inSight: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
  }
})()`

/** How much wider the page is than the window: 0, or somebody has to scroll sideways. */
export const TOO_WIDE = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

/** The machines whose rows and VRRP states are lit in the decision table. */
export const LIT = `[...document.querySelectorAll('#table tr[aria-current]')].map((row) =>
  row.querySelector('mark').innerText + row.querySelector('th').innerText.replace(/\\s+/g, ' '))`
