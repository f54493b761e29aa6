/** What scrolls sideways can be scrolled by keyboard too; what has room is no stop for the tabulator. */
export function reachByKeyboard(): void {
  const look = (element: Element) => {
    if (element.scrollWidth > element.clientWidth) {
      element.setAttribute('tabindex', '0')
      element.setAttribute('role', 'region')
      element.setAttribute('aria-label', element.getAttribute('data-label') ?? '')
    } else {
      for (const name of ['tabindex', 'role', 'aria-label']) element.removeAttribute(name)
    }
  }
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) look(target.closest('.scroll') ?? target)
  })
  for (const element of document.querySelectorAll('.scroll')) {
    observer.observe(element)
    // It grows with what is written into it.
    for (const child of element.children) observer.observe(child)
  }
}
