// The tests, in the order in which they run: the story finds an account that nobody has used.
import "./story.js";
import "./figures.js";
import "./access.js";
