package screen

import "strings"

// Cell is a piece of a row. Right says that it is set to the right, as numbers are.
type Cell struct {
	Text  string
	Style Style
	Right bool
}

// Text is a cell of plain text.
func Text(text string) Cell { return Cell{Text: text} }

// Number is a cell that is set to the right.
func Number(text string) Cell { return Cell{Text: text, Right: true} }

// Styled is a cell in a style.
func Styled(style Style, text string) Cell { return Cell{Text: text, Style: style} }

// gap is the number of columns between two cells.
const gap = 2

// Table writes rows below a heading, indented by some columns. The last column is wrapped where the
// line would be too long, and the widest of the others is cut.
func (s *Screen) Table(indent int, heading []string, rows [][]Cell) {
	if len(heading) == 0 {
		return
	}
	titles := make([]Cell, len(heading))
	for i, text := range heading {
		titles[i] = Cell{Text: text, Style: Dim, Right: len(rows) > 0 && i < len(rows[0]) && rows[0][i].Right}
	}
	all := append([][]Cell{titles}, cleaned(rows)...)
	widths := columnWidths(all, Columns-indent)
	for _, row := range all {
		s.row(indent, row, widths)
	}
}

func cleaned(rows [][]Cell) [][]Cell {
	clean := make([][]Cell, len(rows))
	for i, row := range rows {
		clean[i] = make([]Cell, len(row))
		for k, cell := range row {
			cell.Text = Clean(cell.Text)
			clean[i][k] = cell
		}
	}
	return clean
}

// columnWidths are the widths of the columns, which come to no more than there is room for.
func columnWidths(rows [][]Cell, room int) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], Width(cell.Text))
		}
	}
	const least = 20 // columns of a last cell that is wrapped
	last := len(widths) - 1
	room -= gap * last
	for sum(widths[:last])+min(widths[last], least) > room {
		widest := 0
		for i := range last {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= 1 {
			break
		}
		widths[widest]--
	}
	widths[last] = min(widths[last], room-sum(widths[:last]))
	return widths
}

func sum(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}

// row writes a row, in several lines if its last cell is long.
func (s *Screen) row(indent int, row []Cell, widths []int) {
	last := len(row) - 1
	wrapped := Wrap(row[last].Text, widths[last])
	for i, text := range wrapped {
		cells := make([]string, 0, len(row))
		for k, cell := range row[:last] {
			if i > 0 {
				cell.Text = ""
			}
			cells = append(cells, s.cell(cell, widths[k]))
		}
		end := row[last]
		end.Text = text
		cells = append(cells, s.cell(end, widths[last]))
		s.Line(strings.Repeat(" ", indent) + strings.Join(cells, strings.Repeat(" ", gap)))
	}
}

func (s *Screen) cell(cell Cell, columns int) string {
	text := Fit(cell.Text, columns)
	space := strings.Repeat(" ", max(columns-Width(text), 0))
	if cell.Right {
		return space + s.Paint(cell.Style, text)
	}
	return s.Paint(cell.Style, text) + space
}
