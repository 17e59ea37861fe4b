/** What the widget fetches when a visitor wants to call: a script of its own, so that whoever only reads fetches nothing of it. */
export { Voice, waiting } from './voice'
