import { expect, test } from 'vitest'
import { events } from './client'

test('events are read however they are cut into pieces', () => {
  const stream = 'id: 1\ndata: {"a":1}\n\n: still here\n\nid: 2\r\ndata: two\r\ndata: lines\r\n\r\nid: 3\ndata: not whole'
  for (let size = 1; size <= stream.length; size += 1) {
    const seen: string[] = []
    let rest = ''
    for (let at = 0; at < stream.length; at += size) {
      rest = events(rest + stream.slice(at, at + size), (data) => seen.push(data))
    }
    expect(seen, `pieces of ${size}`).toEqual(['{"a":1}', 'two\nlines'])
  }
})
