/** `<script src="https://calls.example/widget.js" async></script>`: the widget, on any page. See docs/chat.md. */
import { options } from './options'
import { Widget } from './widget'

declare global {
  interface Window {
    /** For buttons of the page's own. */
    HotlineChat?: { open: () => void; close: () => void }
  }
}

const script = document.currentScript
if (script instanceof HTMLScriptElement && window.HotlineChat === undefined) {
  const wanted = options(script)
  const begin = () => {
    const widget = new Widget(wanted)
    window.HotlineChat = { open: () => widget.open(), close: () => widget.close() }
  }
  // Before the page has a body there is nothing to stand in.
  if (document.body) begin()
  else document.addEventListener('DOMContentLoaded', begin, { once: true })
}
