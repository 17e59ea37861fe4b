/** Elements in a line of code, without a string that becomes markup. */
type Attribute = string | number | boolean | undefined | ((event: never) => void)
type Child = Node | string | undefined | false

export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, Attribute> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value as EventListener)
    else if (value === true) element.setAttribute(key, '')
    else if (value !== undefined && value !== false) element.setAttribute(key, String(value))
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false))
  return element
}

/** Icons of 24 units, drawn in strokes. */
const paths = {
  chat: 'M21 12a8.5 8.5 0 0 1-12.4 7.6L3.5 21l1.4-4.9A8.5 8.5 0 1 1 21 12Z',
  close: 'M6 6l12 12M18 6L6 18',
  send: 'M4 12l16-8-6 16-3-6.5L4 12Z',
  tap: 'M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z',
  type: 'M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M7.5 14h9',
  erase: 'M9 6h11v12H9l-6-6 6-6ZM12.5 9.5l5 5M17.5 9.5l-5 5',
  down: 'M6 9l6 6 6-6',
  call: 'M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A15 15 0 0 1 3 6a2 2 0 0 1 2-2Z',
  mute: 'M9 9V6a3 3 0 0 1 6 0v5M15 13.5A3 3 0 0 1 9 12M5.5 11a6.5 6.5 0 0 0 10 5.5M18.5 11a6.5 6.5 0 0 1-.6 2.7M12 18v3M4 3l16 17',
  pad: 'M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01',
  end: 'M3 14c5-5 13-5 18 0l-2.5 2.5-4-1.5v-2.5a12 12 0 0 0-5 0V15l-4 1.5L3 14Z',
}

export function icon(name: keyof typeof paths): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(space, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  svg.setAttribute('class', 'icon')
  const path = document.createElementNS(space, 'path')
  path.setAttribute('d', paths[name])
  svg.append(path)
  return svg
}
