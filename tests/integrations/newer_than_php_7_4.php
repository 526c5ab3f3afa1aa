<?php
/** Lists what a file uses of PHP that came after 7.4: php newer_than_php_7_4.php FILE. One line each, none where all is well. */

$newer_tokens = array( 'T_MATCH', 'T_NULLSAFE_OBJECT_OPERATOR', 'T_ATTRIBUTE', 'T_ENUM', 'T_READONLY' );
$newer_words  = array( 'str_contains', 'str_starts_with', 'str_ends_with', 'array_is_list', 'get_debug_type', 'mixed', 'never' );
$newer_shapes = array(
	'named argument'            => '/[(,]\s*\w+\s*:(?!:)/',
	'promoted property'         => '/function\s+__construct\s*\([^)]*\b(?:public|protected|private)\b/',
	'union or intersection'     => '/(?:\)\s*:|[(,]|\b(?:public|protected|private))\s*\??[\w\\\\]+\s*[|&]\s*[\w\\\\]+\s*(?:\$|\{)/',
	'first-class callable'      => '/\(\s*\.\.\.\s*\)/',
	'trailing comma in the parameters' => '/function\b[^{(]*\([^)]*,\s*\)/',
	'catch without a variable'  => '/catch\s*\(\s*[\w\\\\|\s]+\)/',
	'throw in an expression'    => '/(?:\?\?|=>|\?|:)\s*throw\b/',
);

$code = '';
foreach ( token_get_all( file_get_contents( $argv[1] ) ) as $token ) {
	list( $kind, $text, $line ) = is_array( $token ) ? $token : array( 0, $token, 0 );
	if ( in_array( $kind, array( T_COMMENT, T_DOC_COMMENT, T_CONSTANT_ENCAPSED_STRING, T_INLINE_HTML ), true ) ) {
		$code .= "''";
		continue;
	}
	if ( $kind && in_array( token_name( $kind ), $newer_tokens, true ) || T_STRING === $kind && in_array( strtolower( $text ), $newer_words, true ) ) {
		echo "line $line: $text\n";
	}
	$code .= $text;
}
foreach ( $newer_shapes as $name => $shape ) {
	if ( preg_match( $shape, $code, $found ) ) {
		echo "$name: $found[0]\n";
	}
}
