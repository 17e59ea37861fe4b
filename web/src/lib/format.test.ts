import { expect, test } from 'vitest'
import { ago, clock, listed, offset, percent, words } from './format'

test('durations are minutes and seconds, with hours when there are any', () => {
  expect([clock(0), clock(65_900), clock(3_723_000), clock(-5)]).toEqual(['0:00', '1:05', '1:02:03', '0:00'])
  expect(offset(65_349)).toBe('1:05.3')
})

test('time passed is told in the language', () => {
  const now = 10 * 86_400_000
  expect(ago(now - 5 * 60_000, 'en', now)).toBe('5 min. ago')
  expect(ago(now - 2 * 3_600_000, 'zh-CN', now)).toBe('2小时前')
  expect(ago(now - 1_000, 'en', now)).toBe('now')
})

test('names of a flow read as words', () => {
  expect(words('order_status')).toBe('Order status')
  expect(percent(0.934, 'en')).toBe('93%')
})

test('several things are told in a sentence of the language', () => {
  expect([listed(['a'], 'en'), listed(['a', 'b'], 'en'), listed(['退款', '订单'], 'zh-CN')]).toEqual(['a', 'a and b', '退款和订单'])
})
