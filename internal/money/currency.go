package money

import (
	"fmt"
	"strings"
)

// Currency is the code of a currency of ISO 4217, for example "USD".
type Currency string

// currencies lists the codes of money in circulation, by the number of decimals of their minor unit.
// Source: ISO 4217 list one, https://www.six-group.com/en/products-services/financial-information/data-standards.html
const (
	currencies0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
	currencies2 = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP " +
		"CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR " +
		"KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN " +
		"PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD " +
		"TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
	currencies3 = "BHD IQD JOD KWD LYD OMR TND"
)

// ParseCurrency checks that code is a currency of ISO 4217.
func ParseCurrency(code string) (Currency, error) {
	if _, ok := Currency(code).MinorUnits(); !ok {
		return "", fmt.Errorf("currency %.20q must be a code of ISO 4217, for example \"USD\"", code)
	}
	return Currency(code), nil
}

// MinorUnits is the number of decimals of the currency's minor unit (2 for USD, 0 for JPY), and false for a code that is no currency.
func (c Currency) MinorUnits() (int, bool) {
	switch {
	case len(c) != 3 || strings.Contains(string(c), " "):
		return 0, false
	case strings.Contains(currencies2, string(c)):
		return 2, true
	case strings.Contains(currencies0, string(c)):
		return 0, true
	case strings.Contains(currencies3, string(c)):
		return 3, true
	}
	return 0, false
}
