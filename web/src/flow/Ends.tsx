/**
 * Where lines leave and reach a block, for the canvas to find on the page. Plain elements: its own ones each listen to every change
 * of the graph, and six of them for each of three hundred blocks make it slow.
 */
import { ENDS } from './ways'

export const Ends = () =>
  ENDS.map(({ id, type, position }) => (
    <i key={id} className={`react-flow__handle react-flow__handle-${position} ${type}`} data-handleid={id} data-handlepos={position} />
  ))
