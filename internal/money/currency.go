package money

import (
	"fmt"
	"strings"
)

// Currency is the code of a currency of ISO 4217, for example "USD".
type Currency string

// currencies lists the codes of money in circulation. Source: ISO 4217 list one,
// https://www.six-group.com/en/products-services/financial-information/data-standards.html
const currencies = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD " +
	"CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS " +
	"GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW " +
	"KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR " +
	"MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR " +
	"SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX " +
	"USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"

// ParseCurrency checks that code is a currency of ISO 4217.
func ParseCurrency(code string) (Currency, error) {
	if len(code) != 3 || strings.Contains(code, " ") || !strings.Contains(currencies, code) {
		return "", fmt.Errorf("currency %.20q must be a code of ISO 4217, for example \"USD\"", code)
	}
	return Currency(code), nil
}
