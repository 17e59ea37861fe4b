import { expect, test } from 'vitest'
import { begin, push, redo, undo } from './history'

test('what is undone can be done again, until something else is done', () => {
  let history = push(push(begin('a'), 'b', undefined, 0), 'c', undefined, 1)
  history = undo(undo(history))
  expect(history.present).toBe('a')
  expect(undo(history)).toBe(history)
  history = redo(history)
  expect(history.present).toBe('b')
  history = push(history, 'd', undefined, 2)
  expect(redo(history)).toBe(history)
  expect(undo(history).present).toBe('b')
})

test('letters typed in a row are one step; another field, or a pause, begins another', () => {
  let history = begin('')
  history = push(history, 'h', 'prompt', 0)
  history = push(history, 'he', 'prompt', 400)
  history = push(history, 'hey', 'prompt', 900)
  expect(history.past).toEqual([''])
  history = push(history, 'hey 5', 'tries', 1_000)
  history = push(history, 'hey 56', 'tries', 5_000)
  expect(history.past).toEqual(['', 'hey', 'hey 5'])
})

test('after undoing, typing is a new step', () => {
  const history = push(undo(push(begin('a'), 'ab', 'x', 0)), 'ac', 'x', 1)
  expect(undo(history).present).toBe('a')
})

test('no change is no step, and memory ends', () => {
  let history = begin(0)
  expect(push(history, 0, undefined, 0)).toBe(history)
  for (let step = 1; step <= 500; step += 1) history = push(history, step, undefined, step)
  expect(history.past.length).toBe(200)
  expect(history.past[0]).toBe(300)
})
