import { expect, test } from 'vitest'
import { nameOf, problems, readKept, tidy, up, usual } from './document'

test('what is wrong is told beside the member it names', () => {
  expect(problems('The queue cannot be used. needs: x is there twice; keep the higher level. keys: both have the same key; choose another for one of them.')).toEqual({
    needs: 'x is there twice; keep the higher level.',
    keys: 'both have the same key; choose another for one of them.',
  })
})

test('two things that are wrong with one member are told together', () => {
  expect(problems('The queue cannot be used. needs: one. needs: two.')).toEqual({ needs: 'one. two.' })
})

test('a message that names no member is kept whole', () => {
  expect(problems('There are 500 queues already; remove those that nobody uses.')).toEqual({ '': 'There are 500 queues already; remove those that nobody uses.' })
  expect(problems('Nothing. colour: is none of ours.')).toEqual({ '': 'Nothing. colour: is none of ours.' })
})

test('a queue that tells little has the usual settings, and what this page does not know stays', () => {
  const kept = readKept({ queue: { id: 'service', announce: { first_s: 5 }, hours: { weekly: [], holidays: ['2026-12-25'] } }, revision: 3, stored: true })
  expect(kept).toMatchObject({ revision: 3, stored: true, queue: { ring_s: 20, announce: { first_s: 5, every_s: 45 }, hours: { holidays: ['2026-12-25'] } } })
  expect([readKept(null), readKept({ queue: {} })]).toEqual([undefined, undefined])
})

test('what was begun and left empty is not sent, and an ending is named by its title', () => {
  const queue = {
    ...usual,
    id: ' service ',
    needs: [
      { skill: ' ', level: 3 },
      { skill: 'billing ', level: 3 },
    ],
    announce: { ...usual.announce, comfort: { en: ' ', 'zh-CN': '请稍候' } },
    dispositions: [
      { id: '', title: 'Call again' },
      { id: '', title: '' },
    ],
  }
  expect(tidy(queue)).toMatchObject({ id: 'service', needs: [{ skill: 'billing', level: 3 }], announce: { comfort: { 'zh-CN': '请稍候' } }, dispositions: [{ id: 'call_again', title: 'Call again' }] })
})

test('a name for documents is made from one for people, and an entry moves up by one', () => {
  expect([nameOf('Café, à la carte!'), nameOf('退款')]).toEqual(['cafe_a_la_carte', ''])
  expect([up(['a', 'b', 'c'], 2), up(['a', 'b'], 0)]).toEqual([
    ['a', 'c', 'b'],
    ['a', 'b'],
  ])
})
