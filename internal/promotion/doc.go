// Package promotion tells whether a text reads as promotion: by lists of words and phrases in
// several languages, and of the parameters by which links count campaigns. It is a hint for people,
// never a verdict. The lists are data: each language has a file, and so have links.
//
// A line of a list is a word or a phrase. Capitals, accents, and marks that only help to pronounce
// do not count. In a phrase, N is any number or variable, and % and $ are any sign of that kind:
// "N% off", "$N off". A star stands for the rest of a word: "*rabatt*". A line that begins with "!"
// counts only in texts of the file's own language, because another language has the same word for
// something else. One that begins with "-" is not promotional, although a part of it would be.
//
// The distinction that the lists draw is that of
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-categorization
package promotion
