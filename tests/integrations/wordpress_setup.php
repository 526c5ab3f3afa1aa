<?php
/** Sets up the WordPress of the tests as its own installer does: php wordpress_setup.php DIRECTORY ADDRESS PASSWORD. */

define( 'WP_INSTALLING', true );
list( , $directory, $address, $password ) = $argv;
$_SERVER['HTTP_HOST'] = parse_url( $address, PHP_URL_HOST ) . ':' . parse_url( $address, PHP_URL_PORT );
define( 'WP_SITEURL', $address );
require_once $directory . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';

wp_install( 'Gazette', 'ann', 'ann@gazette.example', true, '', $password );
update_option( 'permalink_structure', '/%postname%/' );
update_option( 'comment_previously_approved', '' );
update_option( 'comments_notify', '' );
update_option( 'moderation_notify', '' );
activate_plugin( 'akismet/akismet.php' );
flush_rewrite_rules();
