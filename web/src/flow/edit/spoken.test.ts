import { expect, test } from 'vitest'
import { spoken } from './spoken'

test.each([
  ['Hello.', 'Hello.'],
  ['Order {{ slots.order_number }} is {{ order.status | default("gone") }}.', 'Order order number is status.'],
  ['Hi{% if call.caller %}, {{ call.caller }}{% endif %}!', 'Hi, caller!'],
  ['{% if x %}\n{% endif %}', ''],
])('a prompt is said before it is filled in: %j', (text, said) => expect(spoken(text)).toBe(said))
